/**
 * Facts of the site's own: each file in /etc/rekindle/facts.d gives the fact of its name. A JSON file is the value; a program
 * prints it. They run as the agent does, so what others could change is not run. A fact that goes wrong keeps its last good
 * value: one slow answer must not take configuration away.
 */
import { lstatSync, readdirSync, readFileSync, type Stats } from 'node:fs'
import { dirname, join } from 'node:path'
import { hasCode, toError } from '../../schemas/errors.ts'
import type { FactProblem } from '../../schemas/generated/types.ts'
import type { Exec, ExecResult } from '../host/exec.ts'

export const factsDir = '/etc/rekindle/facts.d'

export type FactValues = Readonly<Record<string, unknown>>

export interface CustomFacts {
  readonly values: FactValues
  readonly problems: readonly FactProblem[]
}

export interface CustomOptions {
  readonly exec: Pick<Exec, 'run'>
  /** Values of the last time, by name. */
  readonly lastGood: FactValues
  /** Default `factsDir`. */
  readonly dir?: string
  /** For one program. Default 10 s. */
  readonly timeoutMs?: number
}

const limits = { timeoutMs: 10_000, valueBytes: 64 * 1024, allBytes: 512 * 1024, atOnce: 4, depth: 20 }

type Found =
  | { readonly fact: string; readonly source: string; readonly value: unknown }
  | { readonly fact: string; readonly source: string; readonly reason: string }

export async function collectCustom(options: CustomOptions): Promise<CustomFacts> {
  const { dir = factsDir, lastGood } = options
  const byName = Map.groupBy(namesIn(dir), (name) => name.replace(/\..*$/, ''))
  const refusal = byName.size === 0 ? undefined : refusalOfDirectories(dir)
  const found = await inLanes([...byName], async ([fact, names]): Promise<Found> => {
    const source = names.map((name) => join(dir, name)).join(' and ')
    try {
      if (refusal !== undefined) throw new Error(refusal)
      return { fact, source, value: await readFact(fact, names, { ...options, dir }) }
    } catch (error) {
      return { fact, source, reason: toError(error).message }
    }
  })
  return judge(found, lastGood)
}

/** Values and problems, in the order of names; what is too much in all is left out. */
function judge(found: readonly Found[], lastGood: FactValues): CustomFacts {
  const values = new Map<string, unknown>()
  const problems: FactProblem[] = []
  let bytes = 0
  for (const one of found) {
    const { fact, source } = one
    const isKept = 'reason' in one && Object.hasOwn(lastGood, fact)
    const value = 'reason' in one ? lastGood[fact] : one.value
    const size = value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value))
    const fits = bytes + size <= limits.allBytes
    if ('reason' in one) problems.push({ fact, source, reason: one.reason, kept: isKept && fits })
    else if (!fits) {
      const reason = `with it, facts of the site's own are more than ${limits.allBytes / 1024} KiB`
      problems.push({ fact, source, reason, kept: false })
    }
    if (value === undefined || !fits) continue
    bytes += size
    values.set(fact, value)
  }
  return { values: Object.fromEntries(values), problems }
}

/** What editors, package managers and half-written files leave is passed over, as run-parts does. */
function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir)
      .filter((name) => !/^\.|~$|\.(?:bak|orig|swp|dpkg-\w+|rpm\w+|md|txt)$/.test(name))
      .sort()
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return []
    throw error
  }
}

async function readFact(
  fact: string,
  names: readonly string[],
  options: CustomOptions & { readonly dir: string },
): Promise<unknown> {
  const [name = '', ...others] = names
  if (others.length > 0) throw new Error('two files give it; remove one')
  if (!/^[a-z][a-z0-9_]*$/.test(fact)) {
    throw new Error('a fact is named with lower-case letters, digits and underscores, a letter first')
  }
  const path = join(options.dir, name)
  const stats = lstatSync(path)
  if (!stats.isFile()) throw new Error('it is no regular file')
  const refusal = refusalOf(stats)
  if (refusal !== undefined) throw new Error(refusal)
  if (name.endsWith('.json')) return parse(readLimited(path, stats))
  if ((stats.mode & 0o111) === 0) throw new Error('it is neither executable nor named *.json')
  return parse(await runProgram(path, options))
}

function readLimited(path: string, { size }: Stats): string {
  if (size > limits.valueBytes) throw tooLarge()
  return readFileSync(path, 'utf8')
}

async function runProgram(
  path: string,
  { exec, timeoutMs = limits.timeoutMs }: CustomOptions,
): Promise<string> {
  // Twice the limit, so that the half that is kept of too long an output is longer than the limit.
  const result = await exec.run([path], { timeoutMs, keptBytes: limits.valueBytes * 2 + 2 })
  if (result.timedOut) throw new Error(`it did not end within ${timeoutMs / 1000} seconds and was killed`)
  if (result.code !== 0) throw new Error(`it ${endOf(result)}${lastWords(result.stderr)}`)
  if (Buffer.byteLength(result.stdout) > limits.valueBytes) throw tooLarge()
  return result.stdout
}

function endOf({ code, signal }: ExecResult): string {
  return code === null ? `was ended by ${signal}` : `exited with ${code}`
}

function lastWords(stderr: string): string {
  const line = stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? ''
  return line === '' ? '' : `: ${line}`
}

function parse(text: string): unknown {
  const value = parseJson(text)
  if (depthOf(value) > limits.depth) throw new Error(`it is nested more than ${limits.depth} deep`)
  return value
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(
      text.trim() === ''
        ? 'it gives nothing, which is no JSON'
        : `it gives no JSON: ${toError(error).message}`,
    )
  }
}

/** Stops one below the limit, so that what is nested without end does not exhaust the stack here. */
function depthOf(value: unknown, depth = 0): number {
  if (typeof value !== 'object' || value === null || depth > limits.depth) return depth
  return Math.max(depth, ...Object.values(value).map((member) => depthOf(member, depth + 1)))
}

function tooLarge(): Error {
  return new Error(`it gives more than ${limits.valueBytes / 1024} KiB`)
}

/** The directory, and those above it that a stranger could put another in place of. */
function refusalOfDirectories(dir: string): string | undefined {
  for (let at = dir; at !== '/' && at !== '.'; at = dirname(at)) {
    const stats = lstatSync(at)
    // A sticky directory such as /tmp lets nobody move what others own.
    const isSticky = at !== dir && (stats.mode & 0o1000) !== 0
    const refusal = isSticky ? undefined : refusalOf(stats)
    if (refusal !== undefined) return `${at}: ${refusal}`
  }
  return undefined
}

/** As root, nothing that another account could have written; for another account, its own counts too. */
function refusalOf({ uid, mode }: Stats): string | undefined {
  const own = process.geteuid?.() ?? 0
  if (uid !== 0 && uid !== own) return `user ${uid} owns it; wanted: root`
  return (mode & 0o022) === 0 ? undefined : `others can write to it (mode ${(mode & 0o7777).toString(8)})`
}

/** Like Promise.all() over `work`, with a few at once. */
async function inLanes<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  const left = items.entries()
  const lane = async () => {
    for (const [index, item] of left) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: limits.atOnce }, lane))
  return results
}
