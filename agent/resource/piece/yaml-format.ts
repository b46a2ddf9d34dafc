/**
 * Pure: edits of YAML by position, since rendering a document anew would lay out all of it anew. Where a flow list or an
 * odd layout leaves no line to write in, the library renders the document; comments stay then too.
 */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseAllDocuments,
  parseDocument,
  type Scalar,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { Refusal } from './refusal.ts'
import { type Format, type Key, shownKey, withAt } from './setting.ts'
import { beginsLine, indentAt, lineEnd, lineStart, type Splice, spliceAll } from './splice.ts'

export const yamlFormat: Format = {
  name: 'YAML',
  parse: (text) => dataOf(documentOf(text)),
  *set(text, key, value) {
    const { contents } = documentOf(text)
    if (contents === null || isNull(contents)) {
      if (
        text.trim() !== '' &&
        contents?.srcToken?.type === 'scalar' &&
        contents.range?.[0] !== contents.range?.[1]
      )
        return
      return yield `${endedLine(text)}${stringify(withAt(undefined, key, value), style)}`
    }
    yield* setIn(text, contents, { key, value })
    yield rendered(text, (document) => document.setIn(realKey(document, key), value))
  },
  *remove(text, key) {
    const { contents } = documentOf(text)
    if (contents !== null) yield* removeIn(text, contents, key)
    yield rendered(text, (document) => document.deleteIn(realKey(document, key)))
  },
  assertPlain(text, key) {
    let at: unknown = documentOf(text).contents
    for (const [depth, name] of key.entries()) {
      at = isCollection(at) ? childOf(at, name) : undefined
      if (isAlias(at) && depth < key.length - 1)
        throw new Refusal(
          `${shownKey(key.slice(0, depth + 1))} is an alias of "${at.source}"`,
          `Set the value where "&${at.source}" stands`,
        )
    }
  },
  isUnambiguous: (text, key) => {
    const { contents } = documentOf(text)
    return !isAmbiguous(
      key.reduce<unknown>((at, name) => (isCollection(at) ? childOf(at, name) : undefined), contents),
    )
  },
}

/** Whether a string in it stands without quotes and is something else to YAML 1.1, as `yes` and `0644` are. */
function isAmbiguous(node: unknown): boolean {
  if (isSeq(node)) return node.items.some(isAmbiguous)
  if (isMap(node)) return node.items.some(({ value }) => isAmbiguous(value))
  if (!isScalar(node) || node.type !== 'PLAIN' || typeof node.value !== 'string') return false
  if (node.value.includes('\n')) return false
  // As a value, since `---` alone would be a mark.
  return parseDocument(`- ${node.source}`, { version: '1.1' }).toJS()?.[0] !== node.value
}

type Parsed = Document.Parsed

function documentOf(text: string): Parsed {
  const documents = parseAllDocuments(text, {
    merge: false,
    keepSourceTokens: true,
    compat: style.compat,
    prettyErrors: true,
  })
  // An empty stream has no documents in it; parsed as one, it is a document without contents.
  if (!Array.isArray(documents) || documents.length === 0) return parseDocument(text)
  const [document, second] = documents
  const error = documents.flatMap(({ errors }) => errors)[0]
  if (error !== undefined) {
    const [at] = error.linePos ?? []
    throw new Refusal(`it is no YAML: ${error.code} at line ${at?.line ?? 1}, column ${at?.col ?? 1}`)
  }
  if (second !== undefined)
    throw new Refusal(
      `it has ${documents.length} documents`,
      'Keep such a file as a whole, with a file resource',
    )
  return document ?? parseDocument(text)
}

/** An alias as it stands, so that what its anchor names can be edited in its place. */
class AliasData {
  readonly source: string

  constructor(source: string) {
    this.source = source
  }

  toJSON(): string {
    return `*${this.source}`
  }
}

function dataOf({ contents }: Parsed): unknown {
  return contents === null ? undefined : (plainOf(contents, new Set()) ?? undefined)
}

/** @param anchors those that stand above */
function plainOf(node: unknown, anchors: Set<string>): unknown {
  if (isAlias(node)) {
    if (anchors.has(node.source)) return new AliasData(node.source)
    throw new Refusal(`it is no YAML: the alias "*${node.source}" has no anchor`)
  }
  if ((isScalar(node) || isCollection(node)) && node.anchor !== undefined) anchors.add(node.anchor)
  if (isSeq(node)) return node.items.map((item) => plainOf(item, anchors))
  if (isMap(node))
    return Object.fromEntries(node.items.map(({ key, value }) => [nameOf(key), plainOf(value, anchors)]))
  return isScalar(node) ? node.value : null
}

function childOf(parent: YAMLMap | YAMLSeq, name: string | number): unknown {
  if (isSeq(parent)) return typeof name === 'number' ? parent.items[name] : undefined
  return pairOf(parent, name)?.value
}

function pairOf(map: YAMLMap, name: string | number): Pair | undefined {
  return typeof name === 'string' ? map.items.find(({ key }) => nameOf(key) === name) : undefined
}

function nameOf(key: unknown): string {
  return isScalar(key) ? String(key.value ?? '') : String(key)
}

/** With names as the document has them, which may be numbers. */
function realKey(document: Document, key: Key): unknown[] {
  let at: unknown = document.contents
  return key.map((name) => {
    const pair = isMap(at) ? pairOf(at, name) : undefined
    at = isCollection(at) ? childOf(at, name) : undefined
    return isScalar(pair?.key) ? pair.key.value : name
  })
}

function isNull(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null)
}

interface Value {
  readonly key: Key
  readonly value: unknown
}

function* setIn(text: string, root: Node, { key, value }: Value): Iterable<string> {
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

function* removeIn(text: string, root: Node, key: Key): Iterable<string> {
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

const style = { lineWidth: 0, compat: 'yaml-1.1', flowCollectionPadding: false } as const

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

function endedLine(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

function rendered(text: string, edit: (document: Document) => void): string {
  const document = documentOf(text)
  edit(document)
  return document.toString(style)
}
