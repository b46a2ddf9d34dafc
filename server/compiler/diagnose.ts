/** What a site threw, in words for its author. Pure. */
import { type ErrorCode, RekindleError } from '../../schemas/errors.ts'
import type { SiteProblem } from '../http/view.ts'

export interface DiagnoseOptions {
  /** What could not be done: `compile role "web"`, `load the site`. */
  readonly act: string
  readonly siteDir: string
  /** `path:line` of the innermost frame of a stack that lies in the site. */
  readonly whereOf: (stack: string | undefined) => string | undefined
  /** Where to point when no frame lies in the site. */
  readonly fallback: string
}

export function diagnoseThrown(thrown: unknown, options: DiagnoseOptions): SiteProblem {
  const { act, fallback, siteDir, whereOf } = options
  if (!(thrown instanceof Error)) {
    return { message: `Cannot ${act}: it threw ${JSON.stringify(thrown)}`, where: fallback, hint: null }
  }
  const where = whereOf(thrown.stack) ?? fallback
  if (thrown instanceof RekindleError) {
    return { message: thrown.message, where: thrown.where ?? where, hint: thrown.hint ?? null }
  }
  const denied = accessDenied(thrown)
  if (denied !== undefined) {
    return {
      message: `Cannot ${act}: it may not ${denied}`,
      where,
      hint: 'A compile reads the files of the site and nothing else',
    }
  }
  const text = (thrown.message.split('\n', 1)[0] ?? '')
    .replaceAll(`file://${siteDir}/`, '')
    .replaceAll(`${siteDir}/`, '')
  return { message: `Cannot ${act}: ${thrown.name}: ${text}`, where, hint: hintFor(thrown) }
}

/** Several problems as the one error that a request for a catalog ends in. */
export function compileError(
  host: string,
  problems: readonly SiteProblem[],
  code: ErrorCode = 'compile-failed',
): RekindleError {
  const [first, ...others] = problems
  const list = problems.map(({ message, where }) => (where === null ? message : `${message} (${where})`))
  return new RekindleError({
    code,
    message:
      first !== undefined && others.length === 0
        ? first.message
        : `Cannot compile the catalog of host "${host}": ${problems.length} mistakes: ${list.join('; ')}`,
    where: first?.where ?? undefined,
    hint: first?.hint ?? undefined,
    kept: 'the last good catalog',
  })
}

/** What Node's permission model refused, as its error says. */
function accessDenied(error: Error): string | undefined {
  if (Reflect.get(error, 'code') !== 'ERR_ACCESS_DENIED') return undefined
  const resource: unknown = Reflect.get(error, 'resource')
  const what = typeof resource === 'string' && resource !== '' ? ` "${resource}"` : ''
  switch (Reflect.get(error, 'permission')) {
    case 'FileSystemRead':
      return `read${what}`
    case 'FileSystemWrite':
      return `write${what}`
    case 'ChildProcess':
      return 'start a process'
    case 'Net':
      return 'open a connection'
    default:
      return 'do that'
  }
}

function hintFor(error: Error): string | null {
  if (/^Cannot access '.*' before initialization/.test(error.message)) {
    return 'A resource cannot refer to itself or to a later one: give the later one "before" or "notify" instead'
  }
  if (Reflect.get(error, 'code') === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return 'Types are stripped, not translated: no enum, namespace or parameter property'
  }
  if (error.message.startsWith("The requested module 'node:crypto'")) {
    return 'A compile has no randomness; of node:crypto it has createHash, createHmac, hash and timingSafeEqual'
  }
  return null
}
