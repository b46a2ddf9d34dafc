/** Data of a site: layers of files, merged for each host, typed by a schema that the site gives. */
import { dirname, join } from 'node:path/posix'
import {
  type AskedLayer,
  at,
  type DataKey,
  type DataNode,
  type DataRules,
  type DataSection,
  wrongPattern,
} from '../../schemas/data-layers.ts'
import { isObject } from '../../schemas/data-merge.ts'
import { RekindleError } from '../../schemas/errors.ts'
import { currentCompile, type DeclaredData, type HostData } from './context.ts'
import { Field, type LayerOf, type Shape, type ValueOf } from './data-field.ts'
import { createDataChecker, type DataChecker, hintFor } from './data-schema.ts'
import { callerPlace, type Place } from './place.ts'
import { isJson, plain } from './plain.ts'

export interface LayersOptions<Of extends Shape> {
  /**
   * Names of layers, highest first, each the path of a `.yaml`, `.yml`, `.json` or `.ts` file without its ending. They may name
   * the host: `{host}`, `{role}`, `{environment}`, `{facts.os.codename}`. A layer that there is not has no values.
   */
  readonly hierarchy: readonly string[]
  /** What keys there are, in sections, and what their values look like. */
  readonly schema: Of
  /** Folder of the layers, relative to the file that calls `layers()`. Default `data`. */
  readonly dir?: string
}

/** Keys of a schema: `nginx`, `nginx.workers`. */
export type KeyOf<Of> = {
  [Name in keyof Of & string]: Of[Name] extends Field<unknown> ? Name : Name | `${Name}.${KeyOf<Of[Name]>}`
}[keyof Of & string]

/** What a key gives. */
export type ValueAt<Of, Key> = Key extends keyof Of
  ? ValueOf<Of[Key]>
  : Key extends `${infer Name}.${infer Rest}`
    ? Name extends keyof Of
      ? ValueAt<Of[Name], Rest>
      : never
    : never

/** What a layer in TypeScript has: `export default { … } satisfies Layer<typeof data>`. */
export type Layer<Of> = Of extends Data<infer Given> ? LayerOf<Given> : never

export class Data<Of extends Shape = Shape> implements DeclaredData {
  readonly rules: DataRules
  readonly checker: DataChecker
  readonly place: Place | undefined
  /** Absolute. */
  readonly dir: string
  /** Of the type alone, for `Layer`. */
  declare readonly shape: Of

  constructor({ hierarchy, schema, dir = 'data' }: LayersOptions<Of>, place: Place | undefined) {
    this.rules = { hierarchy: checkedHierarchy(hierarchy), keys: sectionOf(schema, []) }
    this.checker = createDataChecker(this.rules.keys)
    this.place = place
    this.dir = join(dirname(place?.file ?? '/'), dir)
  }

  /**
   * A key's value for the host that is compiled for; of a section, all of its keys, each looked up when it is used. Readable
   * inside a role only. A catalog depends on the keys that its role used, and not on which layer they came from.
   *
   * @throws RekindleError `compile-failed` for a key that no layer has, with the layers that were looked at
   * @example const { workers } = data.get('nginx')
   */
  get<Key extends KeyOf<Of>>(key: Key): ValueAt<Of, Key> {
    const compile = currentCompile(`read data "${key}"`)
    const source = compile.input.data?.(this)
    if (source === undefined) throw refuse(key, 'the site does not have this data', giveIt)
    // The name is read for errors alone: to read it always would make each host's catalog its own.
    const host = () => compile.input.host
    const path = key.split('.')
    return this.#view(nodeAt(this.rules.keys, path), path, { source, host }) as ValueAt<Of, Key>
  }

  #view(node: DataNode, path: readonly string[], asking: Asking): unknown {
    if (node.kind === 'key') return this.#value(node, path, asking)
    const members = Object.entries(node.members).map(([name, member]) => [
      name,
      { enumerable: true, get: () => this.#view(member, [...path, name], asking) },
    ])
    return Object.freeze(Object.defineProperties({}, Object.fromEntries(members)))
  }

  #value(key: DataKey, path: readonly string[], { source, host }: Asking): unknown {
    const value = at(source.values(), path)
    this.assertUsable(key, path, value, { source, host })
    return value
  }

  /** @throws RekindleError when a role cannot use the value that the layers give together. */
  assertUsable(key: DataKey, path: readonly string[], value: unknown, { source, host }: Asking): void {
    if (value === undefined && key.isOptional) return
    if (value === undefined) throw new MissingData(path, host(), source.asked())
    // Parts were checked in their layers; what they make together only here. All of it is read, so all is depended on.
    const [wrong] = key.schema.merge === undefined ? [] : this.checker.merged(key, path, plain(value))
    if (wrong !== undefined) throw broken(wrong.message, host(), source)
  }
}

interface Asking {
  readonly source: HostData
  readonly host: () => string
}

/** No layer has a key that a role needs. Another host's may have. */
export class MissingData extends RekindleError {
  constructor(path: readonly string[], host: string, asked: readonly AskedLayer[]) {
    const looked = asked.map(
      ({ pattern, name, found }) => found?.file ?? `${name ?? pattern} (no such layer)`,
    )
    super({
      code: 'compile-failed',
      message: `Cannot read data "${path.join('.')}": no layer of host "${host}" has it; looked at ${looked.join(', ')}`,
      hint: 'Add it to a layer, or give the field a default, or make it optional',
    })
  }
}

/**
 * Declares the data of a site. Give it to `site()`, and read it in roles.
 *
 * @example
 * export const data = layers({
 *   hierarchy: ['host/{host}', 'role/{role}', 'os/{facts.os.codename}', 'site'],
 *   schema: { nginx: { workers: field.integer({ minimum: 1 }) } },
 * })
 */
export function layers<const Of extends Shape>(options: LayersOptions<Of>): Data<Of> {
  return new Data(options, callerPlace())
}

const giveIt = 'Give it to the site: export default site({ hosts, data })'

/** The key or section at a path. @throws RekindleError when the schema has none there. */
export function nodeAt(keys: DataSection, path: readonly string[]): DataNode {
  let node: DataNode = keys
  for (const name of path) {
    const members: DataSection['members'] = node.kind === 'section' ? node.members : {}
    const member = Object.hasOwn(members, name) ? members[name] : undefined
    if (member === undefined)
      throw refuse(path.join('.'), 'the schema has no such key', hintFor(name, Object.keys(members)))
    node = member
  }
  return node
}

function checkedHierarchy(hierarchy: unknown): readonly string[] {
  const names: readonly unknown[] = Array.isArray(hierarchy) ? hierarchy : []
  if (names.length === 0)
    throw invalid('the hierarchy has no layers', "Give hierarchy: ['host/{host}', 'site']")
  return names.map((name) => {
    const wrong = typeof name === 'string' ? wrongPattern(name) : 'wanted text'
    if (typeof name !== 'string' || wrong !== undefined)
      throw invalid(`layer ${JSON.stringify(name)} of the hierarchy: ${wrong}`)
    return name
  })
}

function sectionOf(shape: unknown, path: readonly string[]): DataSection {
  if (!isObject(shape)) throw invalid(`schema "${path.join('.')}": wanted a field or a section of fields`)
  const members = Object.entries(shape).map(([name, member]) => {
    const here = [...path, name]
    if (!/^[A-Za-z_][\w-]*$/.test(name))
      throw invalid(`schema "${here.join('.')}": a key has letters, digits, "_" and "-"`)
    return [name, member instanceof Field ? keyOf(member, here) : sectionOf(member, here)]
  })
  return { kind: 'section', members: Object.fromEntries(members) }
}

function keyOf({ schema, isOptional }: Field<unknown>, path: readonly string[]): DataKey {
  const { merge } = schema
  if (merge !== undefined && !['first', 'unique', 'deep'].includes(String(merge)))
    throw invalid(`schema "${path.join('.')}": no merge is called ${JSON.stringify(merge)}`, strategies)
  if (!isJson(schema)) throw invalid(`schema "${path.join('.')}": it holds what JSON cannot`)
  return { kind: 'key', schema, isOptional }
}

const strategies = 'There are: first, unique for lists, deep for maps and objects'

function invalid(reason: string, hint?: string): RekindleError {
  return new RekindleError({ code: 'site-invalid', message: `Cannot use the data: ${reason}`, hint })
}

function refuse(key: string, reason: string, hint?: string): RekindleError {
  return new RekindleError({ code: 'compile-failed', message: `Cannot read data "${key}": ${reason}`, hint })
}

function broken(message: string, host: string, source: HostData): RekindleError {
  const files = source.asked().flatMap(({ found }) => found?.file ?? [])
  return new RekindleError({
    code: 'compile-failed',
    message: `${message}, merged for host "${host}" of ${files.join(', ') || 'no layers'}`,
  })
}
