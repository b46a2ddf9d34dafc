/**
 * Pure: edits of YAML by position, since rendering a document anew would lay out all of it anew. Each is a proposal, of
 * which the caller takes the first that means what is wanted.
 */
import {
  type Document,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { type Key, withAt } from './setting.ts'
import { beginsLine, indentAt, lineEnd, lineStart, type Splice, spliceAll } from './splice.ts'
import { childOf, documentOf, isNull, nameOf, pairOf, style } from './yaml-document.ts'

interface Value {
  readonly key: Key
  readonly value: unknown
}

export function* setIn(text: string, root: Node, { key, value }: Value): Iterable<string> {
  let at: unknown = root
  for (const [depth, name] of key.entries()) {
    if (!isCollection(at)) return
    const child = childOf(at as YAMLMap | YAMLSeq, name)
    const rest = withAt(undefined, key.slice(depth + 1), value)
    const isMember = isMap(at) ? pairOf(at, name) !== undefined : child !== undefined
    if (!isMember) return yield* insert(text, at as YAMLMap | YAMLSeq, { name, value: rest })
    const isEmptied = isCollection(child) && child.items.length === 0
    if (depth === key.length - 1 || isNull(child) || isEmptied)
      return yield* replace(text, at as YAMLMap | YAMLSeq, { name, value: rest })
    at = child
  }
}

interface Member {
  readonly name: string | number
  readonly value: unknown
}

function* replace(text: string, parent: YAMLMap | YAMLSeq, { name, value }: Member): Iterable<string> {
  const pair = isMap(parent) ? pairOf(parent, name) : undefined
  const node = childOf(parent, name)
  const isPlain = isScalar(node) && isInline(node) && node.range?.[0] !== node.range?.[1]
  if (isPlain || (isCollection(node) && node.flow === true)) {
    const put = inline(value)
    if (node.range) yield spliceAll(text, [{ from: node.range[0], to: node.range[1], put }])
  }
  if (isSeq(parent) && parent.flow !== true) yield* replaceItem(text, node as Node, value)
  const from = (pair?.key as Scalar | undefined)?.range?.[0]
  if (pair === undefined || from === undefined || parent.flow === true) return
  const valueEnd = (node as Node | null)?.range?.[1]
  const to = trimmedEnd(text, valueEnd ?? lineEnd(text, from), from)
  const written = text.slice(from, (pair.key as Scalar).range?.[1])
  const anchor = isScalar(node) || isCollection(node) ? node.anchor : undefined
  const head = anchor === undefined ? `${written}:` : `${written}: &${anchor}`
  const put = renderPair(head, value, columnIndent(text, from))
  if (!isPlain) yield* besideComment(text, { from, to, put })
  yield spliceAll(text, [{ from, to, put }])
}

function* replaceItem(text: string, item: Node, value: unknown): Iterable<string> {
  const from = dashBefore(text, item)
  const end = item.range?.[1]
  if (from === undefined || end === undefined) return
  const put = renderItem(value, columnIndent(text, from))
  yield spliceAll(text, [{ from, to: trimmedEnd(text, end, from), put }])
}

/** A comment behind the name of what begins in the next line, or is not there yet. */
function* besideComment(text: string, { from, to, put }: Required<Splice>): Iterable<string> {
  const end = lineEnd(text, from)
  const comment = /[ \t]+#.*$/.exec(text.slice(from, end))?.[0]
  if (comment === undefined) return
  const [first = '', ...rest] = put.split('\n')
  yield spliceAll(text, [{ from, to: Math.max(to, end), put: [first + comment, ...rest].join('\n') }])
}

/** One that stands in its line as a whole. */
function isInline({ type }: Scalar): boolean {
  return type === 'PLAIN' || type === 'QUOTE_SINGLE' || type === 'QUOTE_DOUBLE'
}

/** A block takes its line end, and blank lines, along. */
function trimmedEnd(text: string, end: number, from: number): number {
  return from + text.slice(from, end).trimEnd().length
}

function* insert(text: string, parent: YAMLMap | YAMLSeq, { name, value }: Member): Iterable<string> {
  const last = parent.items.at(-1)
  if (parent.flow === true || last === undefined) return yield* insertInFlow(text, parent, { name, value })
  const start = isSeq(parent) ? dashBefore(text, last as Node) : ((last as Pair).key as Scalar).range?.[0]
  const lastEnd = isSeq(parent) ? (last as Node).range?.[1] : endOfPair(last as Pair)
  if (start === undefined || lastEnd === undefined) return
  const indent = columnIndent(text, start)
  const item = isSeq(parent) ? renderItem(value, indent) : renderPair(`${renderName(name)}:`, value, indent)
  const end = lineEnd(text, trimmedEnd(text, lastEnd, start))
  yield spliceAll(text, [{ from: end, put: `\n${indent}${item}${end === text.length ? '\n' : ''}` }])
}

function endOfPair({ key, value }: Pair): number | undefined {
  return (value as Node | null)?.range?.[1] ?? (key as Scalar).range?.[1]
}

function dashBefore(text: string, item: Node): number | undefined {
  const at = text.lastIndexOf('-', (item.range?.[0] ?? 0) - 1)
  return at === -1 ? undefined : at
}

function* insertInFlow(text: string, parent: YAMLMap | YAMLSeq, { name, value }: Member): Iterable<string> {
  const put = inline(value)
  const close = (parent.range?.[1] ?? 0) - 1
  const lastEnd = isSeq(parent)
    ? (parent.items.at(-1) as Node | undefined)?.range?.[1]
    : parent.items.at(-1) && endOfPair(parent.items.at(-1) as Pair)
  if (parent.flow !== true) return
  const item = isSeq(parent) ? put : `${renderName(name)}: ${put}`
  if (lastEnd !== undefined) yield spliceAll(text, [{ from: lastEnd, put: `, ${item}` }])
  else yield spliceAll(text, [{ from: close, put: item }])
}

export function* removeIn(text: string, root: Node, key: Key): Iterable<string> {
  const parent = key
    .slice(0, -1)
    .reduce<unknown>((at, name) => (isCollection(at) ? childOf(at as YAMLMap, name) : undefined), root)
  const name = key.at(-1)
  if (!isMap(parent) || name === undefined) return
  if (parent.flow === true) return yield* removeInFlow(text, parent, name)
  const pair = pairOf(parent, name)
  const from = (pair?.key as Scalar | undefined)?.range?.[0]
  if (pair === undefined || from === undefined) return
  const end = trimmedEnd(text, endOfPair(pair) ?? from, from)
  const to = Math.min(lineEnd(text, end) + 1, text.length)
  // The first in an item of a list: what is below, which may be a comment, moves up behind the dash.
  if (!beginsLine(text, from) && parent.items.length > 1)
    yield spliceAll(text, [{ from, to: to + text.slice(to).search(/\S|$/) }])
  if (parent.items.length > 1) return yield spliceAll(text, [{ from: lineStart(text, from), to }])
  if (key.length === 1) yield spliceAll(text, [{ from: lineStart(text, from), to }])
  // What would stay empty would be null, and no object.
  else {
    const above = holderOf(root, key.slice(0, -1))?.key
    const colon = isScalar(above) ? text.indexOf(':', above.range?.[1]) : -1
    // Comments above the member stay.
    if (colon !== -1)
      yield spliceAll(text, [
        { from: colon + 1, put: ' {}' },
        { from: lineStart(text, from), to },
      ])
    yield* replaceWithEmpty(text, root, key.slice(0, -1))
  }
}

function* removeInFlow(text: string, { items }: YAMLMap, name: string | number): Iterable<string> {
  const index = items.findIndex(({ key }) => nameOf(key) === name)
  const [previous, own, next] = [items[index - 1], items[index], items[index + 1]]
  if (own === undefined) return
  const startOf = ({ key }: Pair) => (key as Scalar).range?.[0]
  const from = startOf(own)
  const to = endOfPair(own)
  if (from === undefined || to === undefined) return
  const end = lineEnd(text, to)
  if (beginsLine(text, from) && /^,?\s*(#|$)/.test(text.slice(to, end)))
    yield spliceAll(text, [{ from: lineStart(text, from), to: end + 1 }])
  const gone =
    next === undefined
      ? { from: (previous && endOfPair(previous)) ?? from, to }
      : { from, to: startOf(next) ?? to }
  // Comments between them are others'.
  if (!text.slice(gone.from, gone.to).includes('\n')) yield spliceAll(text, [gone])
}

/** The pair that a key names. */
function holderOf(root: Node, key: Key): Pair | undefined {
  const parent = key
    .slice(0, -1)
    .reduce<unknown>((at, name) => (isCollection(at) ? childOf(at as YAMLMap, name) : undefined), root)
  const name = key.at(-1)
  return isMap(parent) && name !== undefined ? pairOf(parent, name) : undefined
}

function* replaceWithEmpty(text: string, root: Node, key: Key): Iterable<string> {
  const parent = key
    .slice(0, -1)
    .reduce<unknown>((at, name) => (isCollection(at) ? childOf(at as YAMLMap, name) : undefined), root)
  const name = key.at(-1)
  if (isCollection(parent) && name !== undefined)
    yield* replace(text, parent as YAMLMap | YAMLSeq, { name, value: {} })
}

function columnIndent(text: string, at: number): string {
  const before = text.slice(lineStart(text, at), at)
  return before.trim() === '' ? before : indentAt(text, at) + ' '.repeat(before.trimStart().length)
}

/** `key:` and its value, its further lines behind the indentation. */
function renderPair(head: string, value: unknown, indent: string): string {
  return `${head}${indented(stringify({ k: value }, style), indent).slice(2)}`
}

function renderItem(value: unknown, indent: string): string {
  return indented(stringify([value], style), indent)
}

function renderName(name: string | number): string {
  return stringify(name, style).replace(/\n$/, '')
}

function indented(text: string, indent: string): string {
  return text.replace(/\n$/, '').replaceAll(/\n(?=[^\n])/g, `\n${indent}`)
}

/** In one line; JSON is YAML too, where a string has line ends. */
function inline(value: unknown): string {
  const flow = stringify(value, { ...style, collectionStyle: 'flow', blockQuote: false }).replace(/\n$/, '')
  return flow.includes('\n') ? JSON.stringify(value) : flow
}

export function endedLine(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

export function rendered(text: string, edit: (document: Document) => void): string {
  const document = documentOf(text)
  edit(document)
  return document.toString(style)
}
