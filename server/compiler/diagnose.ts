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
  /** Files that import each other, from and to the one with that place; while a site is loaded. */
  readonly circleAt?: (where: string) => readonly string[] | undefined
}

export function diagnoseThrown(thrown: unknown, options: DiagnoseOptions): SiteProblem {
  const { act, fallback, siteDir, whereOf } = options
  if (!(thrown instanceof Error)) {
    return { message: `Cannot ${act}: it threw ${shown(thrown)}`, where: fallback, hint: null }
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
  const known = wellKnown(thrown, where, options)
  if (known !== undefined) return known
  const text = (thrown.message.split('\n', 1)[0] ?? '')
    .replaceAll(`file://${siteDir}/`, '')
    .replaceAll(`${siteDir}/`, '')
  return { message: `Cannot ${act}: ${thrown.name}: ${text}`, where, hint: hintFor(thrown) }
}

/** Mistakes for which V8's words say too little. */
function wellKnown(
  thrown: Error,
  where: string,
  { act, circleAt }: DiagnoseOptions,
): SiteProblem | undefined {
  if (thrown instanceof RangeError && thrown.message.startsWith('Maximum call stack')) {
    const hint = 'Look for a role or a function that includes itself, by way of others too'
    return { message: `Cannot ${act}: functions call each other without end`, where, hint }
  }
  const early = /^Cannot access '(.*)' before initialization/.exec(thrown.message)?.[1]
  const circle = early === undefined ? undefined : circleAt?.(where)
  if (circle === undefined) return undefined
  return {
    message: `Cannot ${act}: files import each other in a circle, and "${early}" is not there yet: ${circle.join(' imports ')}`,
    where,
    hint: 'Move what both need into a file of its own',
  }
}

function shown(thrown: unknown): string {
  try {
    return JSON.stringify(thrown) ?? String(thrown)
  } catch {
    return String(thrown)
  }
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
  const own: unknown = Reflect.get(error, 'importHint')
  if (typeof own === 'string') return own
  const missing = /does not provide an export named '(.*)'$/.exec(error.message)?.[1]
  if (missing !== undefined && !error.message.includes("'node:crypto'"))
    return `Check the name; a type is imported as one: import { type ${missing} } from …`
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
