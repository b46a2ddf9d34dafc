/** Reads one layer of data: YAML, JSON or TypeScript, with the places of its values. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path/posix'
import type { Node } from 'jsonc-parser'
import { isObject } from '../../schemas/data-merge.ts'
import { hasCode, RekindleError } from '../../schemas/errors.ts'
import type { Mistake } from './context.ts'
import { placeOf, renderPlace } from './place.ts'
import { isJson, plain } from './plain.ts'

/** Names and indices down to a value. */
export type ValuePath = readonly (string | number)[]

export interface LayerFile {
  /** Relative to the site. */
  readonly file: string
  readonly values: Readonly<Record<string, unknown>>
  /** `file:line:column` of a value, or of the nearest thing around it; the file alone for TypeScript. */
  readonly whereOf: (path: ValuePath) => string
}

export type ReadLayer = LayerFile | { readonly mistake: Mistake }

interface Source {
  /** Relative to the site. */
  readonly file: string
  readonly absolute: string
  readonly siteDir: string
}

// Loaded when a site has a layer of that kind; a role is synchronous, so no import can be awaited.
const require = createRequire(import.meta.url)

/** Which of several files is a layer's is decided by nobody: there may be one. */
const readers: Readonly<Record<string, (source: Source) => ReadLayer>> = {
  '.yaml': readYaml,
  '.yml': readYaml,
  '.json': readJson,
  '.ts': readModule,
}

const extension = /\.(?:yaml|yml|json|ts)$/

/** The layer of a name, such as `host/web-1`; undefined when there is no file for it. */
export function readLayer(dir: string, name: string, siteDir: string): ReadLayer | undefined {
  const found = Object.entries(readers).flatMap(([ending, read]) => {
    const absolute = join(dir, `${name}${ending}`)
    return existsSync(absolute) ? [{ read, source: sourceOf(absolute, siteDir) }] : []
  })
  const [first, second] = found
  if (first === undefined) return undefined
  if (second !== undefined)
    return mistaken(
      first.source.file,
      `Cannot choose between "${first.source.file}" and "${second.source.file}": they are one layer`,
      'Keep one of them',
    )
  return first.read(first.source)
}

/** Names of all layers that a folder has files for, each once. */
export function listLayers(dir: string): readonly string[] {
  const paths = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .filter((path) => extension.test(path) && !/(?:^|\/)\.|\.(?:d|test)\.ts$/.test(path))
  return [...new Set(paths.map((path) => path.replace(extension, '')))].sort()
}

export function hasFolder(dir: string): boolean {
  return existsSync(dir)
}

function sourceOf(absolute: string, siteDir: string): Source {
  return { absolute, siteDir, file: relative(siteDir, absolute) }
}

function readYaml({ file, absolute }: Source): ReadLayer {
  const { LineCounter, parseDocument } = require('yaml') as typeof import('yaml')
  const text = readFileSync(absolute, 'utf8')
  const lines = new LineCounter()
  const whereAt = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true })
  const [error] = document.errors
  if (error?.code === 'DUPLICATE_KEY') return twice(whereAt(error.pos[0]), keyAt(text, error.pos[0]))
  if (error !== undefined) return mistaken(whereAt(error.pos[0]), `Cannot read YAML: ${error.message}`)
  let value: unknown
  try {
    value = document.toJS()
  } catch (cause) {
    // An alias without its anchor, or too many of them.
    return mistaken(file, `Cannot read YAML: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
  const whereOf = (path: ValuePath): string => {
    const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true)
    const range: unknown = Reflect.get(Object(node), 'range')
    if (Array.isArray(range)) return whereAt(Number(range[0]))
    return path.length === 0 ? `${file}:1:1` : whereOf(path.slice(0, -1))
  }
  // An empty file, or one of comments alone, says nothing.
  return checked({ file, values: value ?? {}, whereOf })
}

function keyAt(text: string, offset: number): string {
  return /^["']?([^"':\n]*)/.exec(text.slice(offset))?.[1]?.trim() ?? ''
}

function readJson({ file, absolute }: Source): ReadLayer {
  const { findNodeAtLocation, getNodeValue, parseTree, printParseErrorCode } =
    require('jsonc-parser') as typeof import('jsonc-parser')
  const text = readFileSync(absolute, 'utf8')
  const whereAt = (offset: number) => {
    const before = text.slice(0, offset).split('\n')
    return `${file}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`
  }
  const errors: import('jsonc-parser').ParseError[] = []
  const root = parseTree(text, errors, { disallowComments: true })
  const [error] = errors
  if (error !== undefined)
    return mistaken(whereAt(error.offset), `Cannot read JSON: ${inWords(printParseErrorCode(error.error))}`)
  if (root === undefined) return mistaken(file, 'Cannot read JSON: the file is empty')
  const duplicate = firstDuplicate(root)
  if (duplicate !== undefined) return twice(whereAt(duplicate.offset), String(duplicate.value))
  const whereOf = (path: ValuePath): string => {
    const node = findNodeAtLocation(root, [...path])
    return node === undefined ? whereOf(path.slice(0, -1)) : whereAt(node.offset)
  }
  return checked({ file, values: getNodeValue(root) as unknown, whereOf })
}

/** @example inWords('ValueExpected') // 'value expected' */
function inWords(code: string): string {
  return code.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()
}

/** The second of two equal names in one object. */
function firstDuplicate({ type, children = [] }: Node): Node | undefined {
  const seen = new Set<unknown>()
  for (const child of children) {
    const [name] = type === 'object' ? (child.children ?? []) : []
    if (name !== undefined && seen.has(name.value)) return name
    seen.add(name?.value)
    const inside = firstDuplicate(child)
    if (inside !== undefined) return inside
  }
  return undefined
}

function readModule({ file, absolute, siteDir }: Source): ReadLayer {
  try {
    const values = Reflect.get(Object(require(absolute)), 'default') as unknown
    if (values === undefined)
      return mistaken(file, `Cannot use layer "${file}": it has no default export`, example)
    const copy = plain(values)
    if (!isJson(copy)) return mistaken(file, `Cannot use layer "${file}": it holds what JSON cannot`)
    return checked({ file, values: copy, whereOf: () => file })
  } catch (thrown) {
    if (hasCode(thrown, 'ERR_REQUIRE_ASYNC_MODULE'))
      return mistaken(
        file,
        `Cannot use layer "${file}": it waits for something`,
        'Remove await at its top level',
      )
    const place = thrown instanceof Error ? placeOf(thrown.stack, siteDir) : undefined
    const where = place === undefined ? file : renderPlace(place, siteDir)
    // What a compile may not do says so itself.
    if (thrown instanceof RekindleError) return mistaken(thrown.where ?? where, thrown.message, thrown.hint)
    return mistaken(where, `Cannot use layer "${file}": it threw ${renderThrown(thrown)}`)
  }
}

const example = 'End it with: export default { nginx: { workers: 4 } } satisfies Layer<typeof data>'

function renderThrown(thrown: unknown): string {
  if (!(thrown instanceof Error)) return JSON.stringify(thrown)
  return `${thrown.name}: ${thrown.message.split('\n', 1)[0]}`
}

function checked({
  file,
  values,
  whereOf,
}: Omit<LayerFile, 'values'> & { readonly values: unknown }): ReadLayer {
  if (isObject(values)) return { file, values, whereOf }
  const found = Array.isArray(values) ? 'a list' : (JSON.stringify(values) ?? typeof values)
  return mistaken(whereOf([]), `Cannot use layer "${file}": wanted keys and values, found ${found}`)
}

function twice(where: string, key: string): ReadLayer {
  return mistaken(where, `Cannot read the layer: key "${key}" stands twice in one object`, 'Keep one of them')
}

function mistaken(where: string, message: string, hint?: string): ReadLayer {
  return { mistake: { message, where, hint: hint ?? null } }
}
