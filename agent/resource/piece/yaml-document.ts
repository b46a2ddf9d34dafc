/** Pure: a YAML document as the library reads it, and what stands in it at a key. */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  parseAllDocuments,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { Refusal } from './refusal.ts'
import type { Key } from './setting.ts'

type Parsed = Document.Parsed

/** As it is read, and as what is new is rendered. */
export const style = { lineWidth: 0, compat: 'yaml-1.1', flowCollectionPadding: false } as const

export function documentOf(text: string): Parsed {
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

export function dataOf({ contents }: Parsed): unknown {
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

export function childOf(parent: YAMLMap | YAMLSeq, name: string | number): unknown {
  if (isSeq(parent)) return typeof name === 'number' ? parent.items[name] : undefined
  return pairOf(parent, name)?.value
}

export function pairOf(map: YAMLMap, name: string | number): Pair | undefined {
  return typeof name === 'string' ? map.items.find(({ key }) => nameOf(key) === name) : undefined
}

export function nameOf(key: unknown): string {
  return isScalar(key) ? String(key.value ?? '') : String(key)
}

/** With names as the document has them, which may be numbers. */
export function realKey(document: Document, key: Key): unknown[] {
  let at: unknown = document.contents
  return key.map((name) => {
    const pair = isMap(at) ? pairOf(at, name) : undefined
    at = isCollection(at) ? childOf(at, name) : undefined
    return isScalar(pair?.key) ? pair.key.value : name
  })
}

export function isNull(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null)
}
