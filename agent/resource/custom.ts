/**
 * Resources of a type that the site brings. Its script is asked in JSON on standard input and answers in JSON on standard
 * output; docs/custom-types.md is the protocol. All resources of one script are checked by one process.
 */
import { RekindleError, toError } from '../../schemas/errors.ts'
import type { Change, CustomParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import { validate } from '../../schemas/validate.ts'
import type { Host } from '../host/host.ts'
import type { Reading, ResourceType, Told, Wanted } from './resource-type.ts'

type WantedCustom = Wanted<CustomParams>
type Action = 'check' | 'apply' | 'refresh'

export interface CustomState {
  /** What the script says that differs. */
  readonly changes: readonly Change[]
}

const defaultTimeoutSeconds = 300
const shownLines = 40

async function read(host: Host, wanted: readonly WantedCustom[]): Promise<Reading<CustomState>> {
  const found = new Map<ResourceId, CustomState | Error>()
  for (const of of Map.groupBy(wanted, scriptKey).values()) {
    try {
      for (const [id, state] of await check(host, of)) found.set(id, state)
    } catch (error) {
      for (const { id } of of) found.set(id, toError(error))
    }
  }
  return found
}

function diff({ params: { sensitive = [] } }: WantedCustom, { changes }: CustomState): readonly Change[] {
  return changes.map((change) => (sensitive.includes(change.property) ? redacted(change) : change))
}

async function apply(host: Host, wanted: WantedCustom): Promise<Told | undefined> {
  return tell(wanted, await ask(host, [wanted], 'apply'))
}

async function refresh(host: Host, wanted: WantedCustom): Promise<Told | undefined> {
  if (wanted.params.canRefresh !== true) return undefined
  return tell(wanted, await ask(host, [wanted], 'refresh'))
}

async function check(
  host: Host,
  wanted: readonly WantedCustom[],
): Promise<readonly (readonly [ResourceId, CustomState | Error])[]> {
  const { resources } = await ask(host, wanted, 'check')
  const answers = new Map(resources.map((answer) => [answer.title, answer]))
  return wanted.map((one) => {
    const answer = answers.get(titleOf(one))
    if (answer === undefined) return [one.id, wrong(one, 'check', 'its script gave no answer for it')]
    if (answer.error !== undefined) return [one.id, wrong(one, 'check', shown(one, answer.error))]
    return [one.id, { changes: answer.changes ?? [] }]
  })
}

type Answer = ReturnType<typeof parse>

/** @throws RekindleError with what the script printed when it fails or answers something else */
async function ask(host: Host, wanted: readonly WantedCustom[], action: Action): Promise<Answer> {
  const [first] = wanted
  if (first === undefined) return { version: 1, resources: [] }
  const { timeout = defaultTimeoutSeconds } = first.params
  const stdin = JSON.stringify({
    version: 1,
    action,
    type: typeOf(first),
    resources: wanted.map((one) => ({ title: titleOf(one), params: one.params.params })),
  })
  const argv = await commandFor(host, first)
  const result = await host.exec.run(argv, { stdin, timeoutMs: timeout * 1000 }).catch((cause: unknown) => {
    throw wrong(first, action, 'its script cannot be started', cause)
  })
  const printed = result.stderr.trim().split('\n').slice(-shownLines).join('\n')
  const said = printed === '' ? '' : `: ${shown(first, printed)}`
  if (result.timedOut)
    throw wrong(first, action, `its script did not end within ${timeout} seconds and was killed${said}`)
  if (result.code !== 0)
    throw wrong(
      first,
      action,
      `its script ${result.code === null ? `was ended by ${result.signal}` : `exited with ${result.code}`}${said}`,
    )
  try {
    return parse(result.stdout)
  } catch (cause) {
    throw wrong(first, action, 'its script did not answer in JSON as the protocol asks', cause)
  }
}

function parse(stdout: string) {
  return validate('protocol/custom-answer', JSON.parse(stdout), 'the answer')
}

/** The interpreter that the script's first line names, as execve(2) reads it, then the script. */
async function commandFor(host: Host, wanted: WantedCustom): Promise<readonly string[]> {
  const { blob } = wanted.params
  if (blob === undefined) throw wrong(wanted, 'check', 'its script is not compiled into the catalog')
  const bytes = await host.blobs.read(blob.sha256)
  const line = Buffer.from(bytes.subarray(0, 256)).toString('latin1').split('\n', 1)[0] ?? ''
  const [, interpreter, argument] = /^#!\s*(\S+)(?:\s+(.*\S))?\s*$/.exec(line) ?? []
  if (interpreter === undefined)
    throw wrong(wanted, 'check', 'the first line of its script names no interpreter (#!)')
  return [interpreter, ...(argument === undefined ? [] : [argument]), host.blobs.path(blob.sha256)]
}

function tell(wanted: WantedCustom, { resources: [answer] }: Answer): Told | undefined {
  if (answer?.error !== undefined) throw wrong(wanted, 'apply', shown(wanted, answer.error))
  if (answer?.output === undefined || answer.output.trim() === '') return undefined
  return { output: shown(wanted, answer.output.trim().split('\n').slice(-shownLines).join('\n')) }
}

/** One process serves resources that have script and time limit in common. */
function scriptKey(wanted: WantedCustom): string {
  const { blob, timeout } = wanted.params
  return JSON.stringify([typeOf(wanted), blob?.sha256, timeout])
}

function typeOf({ title }: WantedCustom): string {
  return title.slice(0, title.indexOf('/'))
}

function titleOf({ title }: WantedCustom): string {
  return title.slice(title.indexOf('/') + 1)
}

/** A script may quote anything that it was given. */
function shown({ params: { sensitive = [], params } }: WantedCustom, text: string): string {
  let clean = text
  for (const name of sensitive) {
    const value: unknown = Reflect.get(params, name)
    if (typeof value === 'string' && value !== '') clean = clean.replaceAll(value, '[redacted]')
  }
  return clean
}

function redacted({ property, from, to }: Change): Change {
  const hide = (value: string | null) => (value === null ? null : '[redacted]')
  return { property, from: hide(from), to: hide(to) }
}

function wrong(wanted: WantedCustom, action: Action, reason: string, cause?: unknown): RekindleError {
  const code = { check: 'resource-unreadable', apply: 'apply-failed', refresh: 'refresh-failed' } as const
  return new RekindleError({
    code: code[action],
    message: `Cannot ${action} ${typeOf(wanted)} "${titleOf(wanted)}": ${reason}`,
    where: wanted.where,
    cause,
  })
}

export const custom = { name: 'custom', read, diff, apply, refresh } satisfies ResourceType<
  CustomParams,
  CustomState
>
