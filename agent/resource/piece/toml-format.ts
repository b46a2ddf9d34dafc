/**
 * Pure: edits of TOML. What is added or taken away is whole lines of ours, since the library puts a new key behind the
 * comments that belong to the next table, and takes comments away with what stands below them. A value that changes is the
 * library's matter.
 */
import { parse, patch, stringify } from '@decimalturn/toml-patch'
import { Refusal } from './refusal.ts'
import { type Format, isObject, type Key, lookUp, withAt, withoutAt } from './setting.ts'

export const tomlFormat: Format = {
  name: 'TOML',
  parse: dataOf,
  *set(text, key, value) {
    const root = dataOf(text)
    if (lookUp(root, key) === undefined) yield* add(text, root, { key, value })
    const patched = patch(text, withAt(root, key, value))
    if (hasCommentsOf(text, patched)) yield patched
  },
  *remove(text, key) {
    yield* removeLines(text, key)
    yield patch(text, withoutAt(dataOf(text), key))
  },
}

interface Value {
  readonly key: Key
  readonly value: unknown
}

function* add(text: string, root: unknown, { key, value }: Value): Iterable<string> {
  const [top] = key
  if (key.length > 1 && isObject(lookUp(root, key.slice(0, -1)))) return yield* addLine(text, { key, value })
  if (top === undefined || lookUp(root, [top]) !== undefined) return
  const added = withAt(undefined, key, value)
  if (isObject(added) && isObject(added[top])) yield `${separated(text)}${stringify(added).trimEnd()}\n`
  else yield* addLine(text, { key, value })
}

/** With a blank line at its end, for a table. */
function separated(text: string): string {
  if (text === '') return ''
  return text.endsWith('\n') ? `${text}\n` : `${text}\n\n`
}

function hasCommentsOf(text: string, patched: string): boolean {
  const comments = (of: string) => of.split('\n').filter((line) => /^\s*#/.test(line))
  const kept = new Set(comments(patched).map((line) => line.trim()))
  return comments(text).every((line) => kept.has(line.trim()))
}

function dataOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return plainOf(parse(text)) as Readonly<Record<string, unknown>>
  } catch (cause) {
    const { line, column, message } = cause as Error & { line?: number; column?: number }
    const reason = message.split('\n').at(-1) ?? ''
    throw new Refusal(`it is no TOML: ${reason} at line ${line ?? 1}, column ${(column ?? 0) + 1}`)
  }
}

/** The library's objects have no prototype; dates stay what they are. */
function plainOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainOf)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plainOf(member)]))
}

/** Below each line of the table that could be its last key, from the last up: the first that parses as wanted is taken. */
function* addLine(text: string, { key, value }: Value): Iterable<string> {
  const name = key.at(-1)
  if (typeof name !== 'string' || key.some((one) => typeof one === 'number')) return
  const lines = text.split('\n')
  const line = renderLine(name, value)
  if (line === undefined) return
  const table = headerIndex(lines, key.slice(0, -1))
  if (table === undefined) return
  const next = lines.findIndex((one, index) => index > table && /^\s*\[/.test(one))
  const end = next === -1 ? lines.length : next
  for (let at = end - 1; at >= table; at--) {
    const above = lines[at] ?? ''
    if (at > table && /^\s*(#|$)/.test(above)) continue
    const indent = at === table ? '' : (/^\s*/.exec(above)?.[0] ?? '')
    yield lines.toSpliced(at + 1, 0, indent + line).join('\n')
  }
}

/** An object as an inline table; undefined where the value needs several lines. */
function renderLine(name: string, value: unknown): string | undefined {
  // Inside a list nothing becomes a table of its own.
  const line = stringify({ [name]: [[value]] }).trimEnd()
  const found = /^(.*? = )\[ \[ (.*) \] \]$/.exec(line)
  return found === null ? undefined : `${found[1]}${found[2]}`
}

/** Longest member, in lines, that is looked for. */
const longest = 200

/** Each run of lines that could be the member, the shortest first. */
function* removeLines(text: string, key: Key): Iterable<string> {
  const name = RegExp.escape(String(key.at(-1)))
  const head = new RegExp(`^\\s*(?!#)[^=]*(?<![\\w-])${name}(?![\\w-])[^=]*[=\\]]`)
  const lines = text.split('\n')
  for (const [from, line] of lines.entries()) {
    if (!head.test(line)) continue
    for (let to = from + 1; to <= Math.min(lines.length, from + longest); to++)
      if (!/^\s*(#|$)/.test(lines[to - 1] ?? '')) yield lines.toSpliced(from, to - from).join('\n')
  }
}

/** -1: what stands above the first table. */
function headerIndex(lines: readonly string[], table: Key): number | undefined {
  if (table.length === 0) return lines.some((line) => /^\s*[^\s#[]/.test(line)) ? -1 : undefined
  const index = lines.findIndex((line) => {
    const name = /^\s*\[([^[\]]+)\]\s*(#.*)?$/.exec(line)?.[1]
    return name !== undefined && isSameKey(name, table)
  })
  return index === -1 ? undefined : index
}

function isSameKey(written: string, table: Key): boolean {
  try {
    return (
      lookUp(parse(`[${written}]\n`), table) !== undefined &&
      lookUp(parse(`[${written}.x]\n`), [...table, 'x']) !== undefined
    )
  } catch {
    return false
  }
}
