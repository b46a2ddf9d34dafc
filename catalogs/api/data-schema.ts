/** What is wrong with data, by the schema that the site gives: a layer, which has a part of it, and a merged value. Pure. */
import { Ajv, type ValidateFunction } from 'ajv'
import type { DataKey, DataNode, DataSection } from '../../schemas/data-layers.ts'
import {
  type DataSchema,
  isElementRemoval,
  isObject,
  isRemoval,
  type MergeStrategy,
  memberSchema,
  strategyOf,
} from '../../schemas/data-merge.ts'
import { type Diagnostic, toDiagnostics } from '../../schemas/validate.ts'
import { isNear } from './parameter.ts'

export interface DataComplaint {
  /** Names and indices down to the value, as the layer has it. */
  readonly path: readonly (string | number)[]
  readonly message: string
  readonly hint: string | null
}

export interface DataChecker {
  /** Of a layer: unknown keys, and values that no merge could make good. */
  layer(values: Readonly<Record<string, unknown>>): readonly DataComplaint[]
  /** Of a key's value, once all layers are merged. */
  merged(key: DataKey, path: readonly string[], value: unknown): readonly DataComplaint[]
  /** Defaults that break their own schemas, and schemas that are none. */
  schema(): readonly string[]
}

/** Schemas are compiled when they are first needed. */
export function createDataChecker(keys: DataSection): DataChecker {
  // A word or a format that is not known is an error: it would check nothing.
  const ajv = new Ajv({ allErrors: true, strictTypes: false, strictTuples: false }).addKeyword('merge')
  let layer: ValidateFunction | undefined
  const known = new Map<DataKey, ValidateFunction>()

  function validatorOf(key: DataKey): ValidateFunction {
    const validator = known.get(key) ?? ajv.compile(key.schema)
    known.set(key, validator)
    return validator
  }
  return {
    layer(values) {
      layer ??= ajv.compile(layerSchema(keys))
      const origins = new Map<unknown, readonly number[]>()
      const rest = withoutRemovals(keys, values, origins)
      if (layer(rest)) return []
      return toDiagnostics(layer.errors ?? [], rest).map((wrong) =>
        toComplaint(wrong, toPath(wrong.path, rest, origins), keys),
      )
    },
    merged(key, path, value) {
      const validator = validatorOf(key)
      if (validator(value)) return []
      return toDiagnostics(validator.errors ?? [], value).map((wrong) =>
        toComplaint(wrong, [...path, ...toPath(wrong.path, value, new Map())], keys),
      )
    },
    schema: () =>
      [...leaves(keys)].flatMap(({ key, path }) => wrongSchema(key, path, () => validatorOf(key))),
  }
}

function wrongSchema(
  key: DataKey,
  path: readonly string[],
  compile: () => ValidateFunction,
): readonly string[] {
  const shown = path.join('.')
  try {
    const validator = compile()
    const { default: value } = key.schema
    if (value === undefined || validator(value)) return []
    return toDiagnostics(validator.errors ?? [], value).map(
      ({ path: inside, wanted, found }) =>
        `Cannot use the default of data "${shown}${inside.replaceAll('/', '.')}": wanted ${wanted}, found ${found}`,
    )
  } catch (cause) {
    return [`Cannot use the schema of data "${shown}": ${cause instanceof Error ? cause.message : cause}`]
  }
}

export function* leaves(
  node: DataNode,
  path: readonly string[] = [],
): Generator<{ readonly key: DataKey; readonly path: readonly string[] }> {
  if (node.kind === 'key') yield { key: node, path }
  else for (const [name, member] of Object.entries(node.members)) yield* leaves(member, [...path, name])
}

function toComplaint(
  { wanted, found }: Diagnostic,
  path: readonly (string | number)[],
  keys: DataSection,
): DataComplaint {
  const shown = path.join('.')
  if (wanted === 'no such parameter')
    return {
      path,
      message: `Cannot use data "${shown}": the schema has no such key`,
      hint: nearestOf(path, keys),
    }
  return { path, message: `Cannot use data "${shown}": wanted ${wanted}, found ${found}`, hint: null }
}

/** What stands in the section where the path leaves the schema. */
function nearestOf(path: readonly (string | number)[], keys: DataSection): string | null {
  let node: DataNode = keys
  for (const name of path) {
    if (node.kind === 'key') return null
    const member: DataNode | undefined = Object.hasOwn(node.members, name) ? node.members[name] : undefined
    if (member === undefined) return hintFor(String(name), Object.keys(node.members))
    node = member
  }
  return null
}

/** @example hintFor('ngnix', ['nginx', 'ntp']) // 'Did you mean "nginx"?' */
export function hintFor(written: string, names: readonly string[]): string {
  const nearest = names.find((name) => isNear(name, written))
  return nearest === undefined ? `There are: ${names.join(', ') || 'none'}` : `Did you mean "${nearest}"?`
}

function layerSchema(node: DataNode): DataSchema {
  if (node.kind === 'key') return strategyOf(node.schema) === 'first' ? node.schema : partOf(node.schema)
  const properties = Object.entries(node.members).map(([name, member]) => [name, layerSchema(member)])
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(properties) }
}

/** Words that a part cannot fulfil, and those whose values are no schemas. */
const wholes = new Set(['required', 'minItems', 'minProperties', 'contains', 'dependentRequired'])
const values = new Set(['enum', 'const', 'default', 'examples'])
const byName = new Set(['properties', 'patternProperties', 'definitions', '$defs'])

/** A schema for what one of several layers has of a value. */
function partOf(schema: DataSchema): DataSchema {
  const part = Object.entries(schema)
    .filter(([word]) => !wholes.has(word))
    .map(([word, value]) => {
      if (values.has(word)) return [word, value]
      if (byName.has(word) && isObject(value))
        return [word, Object.fromEntries(Object.entries(value).map(([name, one]) => [name, partOrSame(one)]))]
      return [word, Array.isArray(value) ? value.map(partOrSame) : partOrSame(value)]
    })
  return Object.fromEntries(part)
}

function partOrSame(value: unknown): unknown {
  return isObject(value) ? partOf(value) : value
}

/** Indices of a list's elements before removals were taken out of it, by the list. */
type Origins = Map<unknown, readonly number[]>

/** What is left to check: a removal is no value of the schema. */
function withoutRemovals(node: DataNode, value: unknown, origins: Origins): unknown {
  if (node.kind === 'key') return stripped(value, node.schema, strategyOf(node.schema), origins)
  if (!isObject(value)) return value
  const kept = Object.entries(value).flatMap(([name, member]) => {
    const inside = Object.hasOwn(node.members, name) ? node.members[name] : undefined
    if (inside === undefined) return [[name, member]]
    return inside.kind === 'key' && isRemoval(member)
      ? []
      : [[name, withoutRemovals(inside, member, origins)]]
  })
  return Object.fromEntries(kept)
}

function stripped(value: unknown, schema: DataSchema, strategy: MergeStrategy, origins: Origins): unknown {
  if (strategy === 'unique' && Array.isArray(value)) {
    const kept = [...value.keys()].filter((index) => !isElementRemoval(value[index]))
    const list = kept.map((index) => value[index] as unknown)
    origins.set(list, kept)
    return list
  }
  if (strategy !== 'deep' || !isObject(value)) return value
  const kept = Object.entries(value).filter(([, member]) => !isRemoval(member))
  return Object.fromEntries(
    kept.map(([name, one]) => {
      const member = memberSchema(schema, name)
      return [name, stripped(one, member, strategyOf(member, 'deep'), origins)]
    }),
  )
}

/** From a JSON pointer to names and indices, as the layer's file has them. */
function toPath(pointer: string, root: unknown, origins: Origins): readonly (string | number)[] {
  let value = root
  return pointer
    .split('/')
    .slice(1)
    .map((part) => {
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
      const list = value
      value = Reflect.get(Object(value), name)
      return Array.isArray(list) ? (origins.get(list)?.[Number(name)] ?? Number(name)) : name
    })
}
