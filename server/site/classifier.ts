/**
 * Asks a program or an HTTP address what a host is. Its answer is attributes of the host: the site's rules say what they
 * mean. A classifier that fails changes nothing: what it said last holds.
 */
import { readFileSync } from 'node:fs'
import { canonical } from '../../schemas/canonical.ts'
import { RekindleError, toError } from '../../schemas/errors.ts'
import type { ServerConfig } from '../../schemas/generated/types.ts'
import type { Attributes } from '../../schemas/trusted.ts'
import { validate } from '../../schemas/validate.ts'
import type { Context } from '../context.ts'
import { appendAudit } from '../store/audit.ts'
import { findClassification, saveClassification } from '../store/classification.ts'
import { transact } from '../store/statement.ts'
import { plainEnvironment, runProgram } from './program.ts'

export interface Classifier {
  /**
   * Asks, unless that was done within `everySeconds`; what it says is in the store then. Gives the same as canonical JSON,
   * or an empty text where there is no classifier.
   *
   * @throws RekindleError `catalog-unavailable` when it has never said what the host is
   */
  look(host: string): Promise<string>
}

type ClassifierConfig = NonNullable<ServerConfig['classifier']>

export const noClassifier: Classifier = { look: async () => '' }

const longestAnswer = 64 * 1024

/** Of one host, since the server started. */
interface Asked {
  readonly at: number
  /** What holds, as canonical JSON; undefined when it has never said anything. */
  readonly said: string | undefined
  /** Why its last answer is none. */
  readonly failure: string | undefined
}

export function createClassifier(context: Context, config: ClassifierConfig): Classifier {
  const everyMs = (config.everySeconds ?? 300) * 1000
  const known = new Map<string, Asked>()
  const asking = new Map<string, Promise<Asked>>()

  async function ask(host: string): Promise<Asked> {
    const { said, failure } = await attempt(context, config, host)
    if (failure !== undefined && known.get(host)?.failure !== failure)
      context.log.warn({ host, reason: failure }, 'classifier.failed')
    const asked = { at: context.now(), said, failure }
    known.set(host, asked)
    return asked
  }
  function askOnce(host: string): Promise<Asked> {
    const asked = asking.get(host) ?? ask(host).finally(() => asking.delete(host))
    asking.set(host, asked)
    return asked
  }
  return {
    async look(host) {
      const last = known.get(host)
      const holds = last?.said !== undefined && context.now() - last.at < everyMs
      const { said, failure } = holds ? last : await askOnce(host)
      if (said === undefined) throw unknown(host, failure ?? '')
      return said
    },
  }
}

async function attempt(context: Context, config: ClassifierConfig, host: string): Promise<Omit<Asked, 'at'>> {
  try {
    const attributes = await answerOf(config, host)
    note(context, host, attributes)
    return { said: canonical(attributes), failure: undefined }
  } catch (thrown) {
    const before = findClassification(context.db, host)
    return { said: before && canonical(before), failure: toError(thrown).message }
  }
}

function note(context: Context, host: string, attributes: Attributes): void {
  const { db } = context
  const isNew = transact(db, () => {
    const changed = saveClassification(db, host, attributes)
    const detail = Object.entries(attributes).map(([name, value]) => `${name}=${value}`)
    const audit = {
      actor: 'classifier',
      action: 'host.classified',
      target: `host:${host}`,
      detail: detail.join(' '),
    }
    if (changed) appendAudit(db, audit, context.now())
    return changed
  })
  if (!isNew) return
  context.live.emit({ type: 'audit' })
  context.live.emit({ type: 'host', host })
}

async function answerOf(config: ClassifierConfig, host: string): Promise<Attributes> {
  const timeoutMs = (config.timeoutSeconds ?? 10) * 1000
  const text =
    'program' in config
      ? await askProgram([...config.program, host], timeoutMs)
      : await askAddress(config, host, timeoutMs)
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    throw new Error(`its answer is no JSON: ${JSON.stringify(text.slice(0, 100))}`)
  }
  return validate('protocol/classification', answer, 'the classifier’s answer').attributes
}

async function askProgram(argv: readonly string[], timeoutMs: number): Promise<string> {
  const [program = '', ...args] = argv
  const { code, stdout, stderr, cut } = await runProgram([program, ...args], {
    ...{ cwd: '/', env: plainEnvironment(), timeoutMs },
  })
  if (cut !== undefined) throw new Error(`${program}: ${cut}`)
  if (code !== 0)
    throw new Error(`${program} ended with ${code ?? 'a signal'}: ${stderr.trim().slice(0, 500)}`)
  return stdout
}

async function askAddress(
  { url, tokenFile }: Extract<ClassifierConfig, { url: string }>,
  host: string,
  timeoutMs: number,
): Promise<string> {
  const address = url.replaceAll('{host}', encodeURIComponent(host))
  const token = tokenFile === undefined ? undefined : readFileSync(tokenFile, 'utf8').trim()
  const answer = await fetch(address, {
    // A token goes to the address that it is for.
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
    headers: { accept: 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
  }).catch((thrown: unknown) => {
    const { message, cause } = toError(thrown)
    throw new Error(`${address}: ${cause === undefined ? message : toError(cause).message}`)
  })
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`)
  return limited(answer, address)
}

async function limited({ body }: Response, address: string): Promise<string> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of body ?? []) {
    length += part.length
    if (length > longestAnswer) throw new Error(`${address} answered with more than ${longestAnswer} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function unknown(host: string, reason: string): RekindleError {
  return new RekindleError({
    code: 'catalog-unavailable',
    message: `Cannot tell what host "${host}" is: the classifier has never said: ${reason}`,
    kept: 'the last good catalog',
    hint: 'Mend the classifier that the server’s configuration names',
  })
}
