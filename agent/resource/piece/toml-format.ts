/**
 * Pure: edits of TOML. What is added or taken away is whole lines of ours, since the library puts a new key behind the
 * comments that belong to the next table, and takes comments away with what stands below them. A value that changes is the
 * library's matter.
 */
import { isDeepStrictEqual } from 'node:util'
import { parse, patch, stringify } from '@decimalturn/toml-patch'
import { diffLines } from 'diff'
import { endOfPart, insertLines, joinLines, type Line, splitLines } from './line.ts'
import { Refusal } from './refusal.ts'
import { type Format, isObject, type Key, lookUp, withAt, withoutAt } from './setting.ts'
import { beginsLine, indentAt, lineEnd, lineStart, type Splice, spliceAll } from './splice.ts'
import { type Span, spansOf } from './toml-span.ts'

export const tomlFormat: Format = {
  name: 'TOML',
  parse: dataOf,
  *set(text, key, value) {
    const root = dataOf(text)
    if (lookUp(root, key) === undefined) yield* add(text, root, { key, value })
    yield* splices(text, root, { key, value })
    const list = key.slice(0, -1)
    if (typeof key.at(-1) === 'number')
      yield* splices(text, root, { key: list, value: lookUp(withAt(root, key, value), list) })
    yield* byLibrary(text, withAt(root, key, value))
  },
  *remove(text, key) {
    yield* removeLines(text, key)
    yield* byLibrary(text, withoutAt(dataOf(text), key))
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

/** Not what loses comments, as of other values in the same table. */
function byLibrary(text: string, wanted: unknown): readonly string[] {
  try {
    const patched = patch(text, wanted)
    return hasCommentsOf(text, patched) ? [...singleChanges(text, withHeadersOf(text, patched)), patched] : []
  } catch {
    return []
  }
}

/** The library lays out headers anew, whatever it changes. */
function withHeadersOf(text: string, patched: string): string {
  const headersIn = (of: string) => of.split('\n').filter((line) => /^\s*\[/.test(line))
  const given = Map.groupBy(headersIn(text), squeezed)
  return patched
    .split('\n')
    .map((line) => (/^\s*\[/.test(line) ? (given.get(squeezed(line))?.shift() ?? line) : line))
    .join('\n')
}

/** Each change by itself, then all: besides the value, the library changes blank lines. */
function* singleChanges(text: string, patched: string): Iterable<string> {
  const parts = diffLines(text, patched)
  for (const [index, { added, removed }] of parts.entries()) {
    if (!removed && (!added || parts[index - 1]?.removed)) continue
    const isOwn = (other: number) => other === index || (removed && other === index + 1)
    yield parts
      .filter((part, at) => (isOwn(at) ? !part.removed : !part.added))
      .map((part) => part.value)
      .join('')
  }
  yield patched
}

function squeezed(line: string): string {
  return line.replaceAll(/\s/g, '')
}

function hasCommentsOf(text: string, patched: string): boolean {
  const kept = spansOf(patched).comments
  return spansOf(text).comments.every((comment) => kept.includes(comment))
}

/** The value in the place of what is there. */
function* splices(text: string, root: unknown, { key, value }: Value): Iterable<string> {
  const actual = lookUp(root, key)
  const put = inline(value)
  if (actual === undefined || put === undefined) return
  const span = spansOf(text).values.find((one) => isDeepStrictEqual(one.key, key))
  if (span === undefined) return
  const { from, to, items } = span
  if (Array.isArray(actual) && Array.isArray(value)) yield* editList(text, items, { actual, value })
  for (const one of [quotedAs(text.slice(from, to), value), put])
    if (one !== undefined) yield spliceAll(text, [{ from, to, put: one }])
}

interface Lists {
  readonly actual: readonly unknown[]
  readonly value: readonly unknown[]
}

/** Item by item, so that comments beside those which stay do so too. */
function* editList(text: string, items: readonly Span[], { actual, value }: Lists): Iterable<string> {
  const last = items.at(-1)
  if (last === undefined || value.length === 0) return
  const changed = items.slice(0, value.length).flatMap(({ from, to }, index) => {
    const isSame = isDeepStrictEqual(actual[index], value[index])
    return isSame ? [] : [{ from, to, put: inline(value[index]) ?? '' }]
  })
  const gone = items[value.length]
  if (gone === undefined) {
    const more = value.slice(items.length).map((one) => inline(one) ?? '')
    yield spliceAll(text, [...changed, ...(more.length === 0 ? [] : appended(text, last, more))])
    return
  }
  yield spliceAll(text, [...changed, { from: lineStart(text, gone.from), to: lineEnd(text, last.to) + 1 }])
  yield spliceAll(text, [...changed, { from: items[value.length - 1]?.to ?? gone.from, to: last.to }])
}

/** In lines of their own where the last item stands in one. */
function appended(text: string, { from, to }: Span, more: readonly string[]): readonly Splice[] {
  const comma = /^[ \t]*,/.exec(text.slice(to))?.[0].length
  const end = lineEnd(text, to)
  const rest = text.slice(to + (comma ?? 0), end).trim()
  if (!beginsLine(text, from) || (rest !== '' && !rest.startsWith('#')))
    return [{ from: to, put: more.map((one) => `, ${one}`).join('') }]
  const lines = more.map((one) => `\n${indentAt(text, from)}${one}`)
  if (comma !== undefined) return [{ from: end, put: lines.map((line) => `${line},`).join('') }]
  if (rest === '') return [{ from: to, put: `,${lines.join(',')}` }]
  return [
    { from: to, put: ',' },
    { from: end, put: lines.join(',') },
  ]
}

/** In the quotes of the text that goes, where they can hold it. */
function quotedAs(written: string, value: unknown): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: TOML wants these escaped.
  if (typeof value !== 'string' || /[\u0000-\u0008\u000b-\u001f\u007f]/.test(value)) return undefined
  const begin = /^(?:'''\n?|"""\n?|')/.exec(written)?.[0] ?? ''
  const quotes = begin.trimEnd()
  const cannotHold: Readonly<Record<string, RegExp>> = { "'": /['\n]/, "'''": /'/, '"""': /["\\]/ }
  return cannotHold[quotes]?.test(value) === false ? begin + value + quotes : undefined
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
  const lines = splitLines(text)
  const line = renderLine(name, value)
  if (line === undefined) return
  const table = headerIndex(lines, key.slice(0, -1))
  if (table === undefined) return
  const next = lines.findIndex((one, index) => index > table && /^\s*\[/.test(one.text))
  const end = next === -1 ? lines.length : next
  for (let at = end; at > table + 1; at--) {
    const above = lines[at - 1]?.text ?? ''
    if (/^\s*(#|$)/.test(above)) continue
    const indent = /^\s*/.exec(above)?.[0] ?? ''
    yield joinLines(insertLines(lines, at, [indent + line]))
  }
  const first = table === -1 ? endOfPart(lines, 0, end) : table + 1
  const isTight = table === -1 && (lines[first]?.text ?? '').trim() !== ''
  yield joinLines(insertLines(lines, first, isTight ? [line, ''] : [line]))
}

/** An object as an inline table; undefined where the value needs several lines. */
function renderLine(name: string, value: unknown): string | undefined {
  // Inside a list nothing becomes a table of its own.
  const line = stringify({ [name]: [[value]] }).trimEnd()
  const found = /^([^\n]*? = )\[ \[ ([^\n]*) \] \]$/.exec(line)
  return found === null ? undefined : `${found[1]}${found[2]}`
}

function inline(value: unknown): string | undefined {
  return renderLine('_', value)?.slice('_ = '.length)
}

/** What could be the member: the lines of its key and value, or those from a header of it to another. */
function* removeLines(text: string, key: Key): Iterable<string> {
  const { statements } = spansOf(text)
  for (const [index, { key: own, isHeader, from, to }] of statements.entries()) {
    if (!isDeepStrictEqual(own.slice(0, key.length), key)) continue
    const cut = (end: number) =>
      spliceAll(text, [{ from: lineStart(text, from), to: Math.min(lineEnd(text, end) + 1, text.length) }])
    if (!isHeader) yield cut(to)
    else
      for (const [other, { to: end }] of statements.entries())
        if (other >= index && statements[other + 1]?.isHeader !== false) yield cut(end)
  }
}

/** -1: what stands above the first table. */
function headerIndex(lines: readonly Line[], table: Key): number | undefined {
  if (table.length === 0) return -1
  const index = lines.findIndex(({ text }) => {
    const name = /^\s*\[([^[\]]+)\]\s*(#.*)?$/.exec(text)?.[1]
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
