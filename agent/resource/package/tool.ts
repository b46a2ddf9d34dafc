/** How a package manager is run, and how its refusal is told. */
import { RekindleError } from '../../../schemas/errors.ts'
import type { ExecResult } from '../../host/exec.ts'
import type { Host } from '../../host/host.ts'

/** One package to install. */
export interface ToolWish {
  readonly name: string
  /** Exactly this one, also when a newer one is installed. Absent: any, and the newest where nothing of it is there. */
  readonly version?: string | undefined
  /** A file or an address, instead of what the repositories have. */
  readonly source?: string | undefined
}

export interface ToolOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Exit codes that are no failure. Default 0 alone. */
  readonly good?: readonly number[]
  /** More that is no failure, by what was said. */
  readonly isGood?: (result: ExecResult) => boolean
  /** Why this tool refuses, in its own words; undefined where its last lines say it best. */
  readonly complaint?: (result: ExecResult) => string | undefined
  readonly hint?: (said: string) => string | undefined
  readonly cwd?: string
}

const readTimeoutMs = 5 * 60_000
const writeTimeoutMs = 30 * 60_000

/** No pager, no colour, no translation: what the tools print is read. */
const environment = { LC_ALL: 'C', HOME: '/root', TERM: 'dumb', NO_COLOR: '1' }

/** Runs a tool that only looks; `what` ends the sentence "Cannot read ...". */
export async function ask(
  host: Host,
  argv: readonly string[],
  what: string,
  options: ToolOptions = {},
): Promise<ExecResult> {
  const result = await run(host, argv, readTimeoutMs, options)
  if (isGood(result, options)) return result
  throw new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot read ${what}: ${answerOf(argv, result, options)}`,
  })
}

/** Runs a tool that changes the host; `what` ends the sentence "Cannot ...". */
export async function change(
  host: Host,
  argv: readonly string[],
  what: string,
  options: ToolOptions = {},
): Promise<ExecResult> {
  const result = await run(host, argv, writeTimeoutMs, options)
  if (isGood(result, options)) return result
  const said = saidBy(result, options)
  const hint = options.hint?.(said)
  throw new RekindleError({
    code: 'apply-failed',
    message: `Cannot ${what}: ${answerOf(argv, result, options)}`,
    kept: 'what the package manager had not reached stays as it was',
    ...(hint === undefined ? {} : { hint }),
  })
}

function run(host: Host, argv: readonly string[], timeoutMs: number, { env, cwd }: ToolOptions) {
  return host.exec.run(argv, {
    env: { ...environment, ...env },
    timeoutMs,
    ...(cwd === undefined ? {} : { cwd }),
  })
}

function isGood(result: ExecResult, { good = [0], isGood: isAlsoGood }: ToolOptions): boolean {
  const { code, timedOut } = result
  return !timedOut && code !== null && (good.includes(code) || isAlsoGood?.(result) === true)
}

function answerOf(argv: readonly string[], result: ExecResult, options: ToolOptions): string {
  const tool = argv[0]?.replace(/^.*\//, '') ?? ''
  const end = result.timedOut
    ? 'did not end in time'
    : result.code === null
      ? `was ended by ${result.signal}`
      : `exits ${result.code}`
  return `${tool} ${end} and answers "${saidBy(result, options)}"`
}

function saidBy(result: ExecResult, { complaint }: ToolOptions): string {
  return complaint?.(result) || lastLines(result.stderr) || lastLines(result.stdout) || 'it gave no reason'
}

/** The end of what was said, on one line. */
export function lastLines(text: string, count = 6): string {
  return text
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
    .slice(-count)
    .join('; ')
}

/** As in `"a", "b"`. */
export function quote(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ')
}

const programFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** Why a program cannot be used, naming the package that brings it; undefined when it is there. */
export function missing(host: Host, program: string, broughtBy: string): string | undefined {
  const places = program.startsWith('/') ? [program] : programFolders.map((folder) => `${folder}/${program}`)
  return places.some((place) => host.files.exists(place))
    ? undefined
    : `there is no ${program} on this host; ${broughtBy} brings it`
}

/** The text of a file, empty when it is not there. */
export function textOf(host: Host, path: string): string {
  return host.files.exists(path) ? host.files.read(host.files.realPath(path)).toString() : ''
}
