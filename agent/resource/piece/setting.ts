/**
 * Pure: one value in a file that holds a tree of values, whatever its format. An edit is proposed by the format and taken
 * only when the text that comes of it parses to the tree that is wanted, so that nothing else can have changed its value.
 */
import { isDeepStrictEqual } from 'node:util'
import { Refusal } from './refusal.ts'
import type { Edit } from './text-piece.ts'

export type Key = readonly (string | number)[]

export interface SettingParams {
  readonly ensure?: 'present' | 'absent'
  readonly key: Key
  readonly value?: unknown
}

/** Line ends are `\n` in all texts, but for files that mix them. */
export interface Format {
  readonly name: string
  /** Plain data; undefined where the text holds none. @throws Refusal with line and column */
  parse(text: string): unknown
  /** Texts with the value set, the most faithful first. What it wraps may be missing; the key does not end in an empty list. */
  set(text: string, key: Key, value: unknown): Iterable<string>
  /** Texts without the member. */
  remove(text: string, key: Key): Iterable<string>
  /** Refuses a key that the text gives more than one meaning, such as one behind an alias. @throws Refusal */
  assertPlain?(text: string, key: Key): void
  /** Whether every reader takes what is written at the key for the same value; default yes. */
  isUnambiguous?(text: string, key: Key): boolean
}

export function editSetting(format: Format, params: SettingParams, given: string): Edit {
  const isCrLf = given.includes('\r\n') && !/(^|[^\r])\n/.test(given)
  const edit = edited(format, params, isCrLf ? given.replaceAll('\r\n', '\n') : given)
  return isCrLf ? { ...edit, text: edit.text.replaceAll('\n', '\r\n') } : edit
}

function edited(format: Format, { ensure, key, value }: SettingParams, text: string): Edit {
  const root = format.parse(text)
  format.assertPlain?.(text, key)
  const actual = lookUp(root, key)
  const from = actual === undefined ? null : JSON.stringify(actual, showBigInt)
  if (ensure === 'absent') {
    const change = { property: 'value', from, to: null }
    return { text: actual === undefined ? text : take(format, text, { key }), change }
  }
  const change = { property: 'value', from, to: JSON.stringify(value) }
  const isSame = isDeepStrictEqual(actual, value)
  if (isSame && (format.isUnambiguous?.(text, key) ?? true)) return { text, change }
  const steps = isSame ? [{ key, value }] : stepsTo(key, actual, value)
  return { text: steps.reduce((so, step) => take(format, so, step), text), change }
}

/** A bigint is what TOML reads an integer as that a number cannot hold. */
function showBigInt(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}

/** Without a value: the member goes. */
interface Step {
  readonly key: Key
  readonly value?: unknown
}

/** Objects are gone into, so that comments beside members that stay do so too. */
function stepsTo(key: Key, actual: unknown, value: unknown): readonly Step[] {
  if (isDeepStrictEqual(actual, value)) return []
  if (!hasMembers(actual) || !hasMembers(value)) return [{ key, value }]
  const gone = Object.keys(actual).filter((name) => !Object.hasOwn(value, name))
  return [
    // First what is put, so that no object is empty on the way.
    ...Object.entries(value).flatMap(([name, member]) =>
      stepsTo([...key, name], Object.hasOwn(actual, name) ? actual[name] : undefined, member),
    ),
    ...gone.map((name) => ({ key: [...key, name] })),
  ]
}

function hasMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return isObject(value) && Object.keys(value).length > 0
}

function take(format: Format, text: string, { key, value }: Step): string {
  const root = format.parse(text)
  const wanted = value === undefined ? withoutAt(root, key) : withAt(root, key, value)
  const proposals = value === undefined ? format.remove(text, key) : format.set(text, key, value)
  const taken = firstThat(proposals, (proposal) => holds(format, proposal, wanted))
  if (taken !== undefined) return taken
  throw new Refusal(
    `${shownKey(key)} cannot be edited without changing something else in the file`,
    'Edit it by hand once, or keep the whole file with a file resource',
  )
}

/** A library that gives up has no proposal. */
function firstThat(proposals: Iterable<string>, test: (text: string) => boolean): string | undefined {
  try {
    for (const proposal of proposals) if (test(proposal)) return proposal
  } catch (error) {
    if (error instanceof Refusal) throw error
  }
  return undefined
}

function holds(format: Format, text: string, wanted: unknown): boolean {
  try {
    return isDeepStrictEqual(format.parse(text) ?? {}, wanted)
  } catch {
    return false
  }
}

/** @throws Refusal when something on the way is no object or list, or a list is too short */
export function lookUp(root: unknown, key: Key): unknown {
  let at = root
  for (const [depth, name] of key.entries()) {
    if (at === undefined || at === null) {
      if (typeof name === 'number' && name > 0) throw tooShort(key.slice(0, depth), 0)
      at = undefined
    } else if (Array.isArray(at) && typeof name === 'number') {
      if (name > at.length) throw tooShort(key.slice(0, depth), at.length)
      at = at[name]
    } else if (isObject(at) && typeof name === 'string') at = Object.hasOwn(at, name) ? at[name] : undefined
    else throw inTheWay(key.slice(0, depth), at, name)
  }
  return at
}

function tooShort(key: Key, length: number): Refusal {
  return new Refusal(
    `the list ${shownKey(key)} has ${length} items`,
    'An index is at most that number, which adds an item',
  )
}

function inTheWay(key: Key, found: unknown, name: string | number): Refusal {
  const kind = Array.isArray(found) ? 'a list' : isObject(found) ? 'an object' : `a ${typeof found}`
  const wanted = typeof name === 'number' ? 'a list' : 'an object'
  return new Refusal(`${key.length === 0 ? 'the whole file' : shownKey(key)} is ${kind}, and not ${wanted}`)
}

/** @example shownKey(['servers', 0, 'host']) // '"servers.0.host"' */
export function shownKey(key: Key): string {
  return JSON.stringify(key.join('.'))
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

export function withAt(root: unknown, [name, ...rest]: Key, value: unknown): unknown {
  if (name === undefined) return value
  if (typeof name === 'number') {
    const list = Array.isArray(root) ? root : []
    return list.toSpliced(name, 1, withAt(list[name], rest, value))
  }
  const object = isObject(root) ? root : {}
  const member = Object.hasOwn(object, name) ? object[name] : undefined
  return { ...object, [name]: withAt(member, rest, value) }
}

export function withoutAt(root: unknown, [name, ...rest]: Key): unknown {
  if (Array.isArray(root) && typeof name === 'number')
    return root.toSpliced(name, 1, withoutAt(root[name], rest))
  if (!isObject(root) || typeof name !== 'string') return root
  if (rest.length > 0) return { ...root, [name]: withoutAt(root[name], rest) }
  return Object.fromEntries(Object.entries(root).filter(([other]) => other !== name))
}
