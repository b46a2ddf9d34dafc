/** What several layers of data have for one key, as one value. Strategies stand in the key's schema as `merge`. Pure. */
import { canonical } from './canonical.ts'

/**
 * `first`: the highest layer's value, whole. `unique`: a list of all layers' elements, each once. `deep`: an object with all
 * layers' members; of what several have, objects are merged again and anything else is the highest layer's.
 */
export type MergeStrategy = 'first' | 'unique' | 'deep'

/** A JSON Schema, in which `merge` may name a strategy. */
export type DataSchema = Readonly<Record<string, unknown>>

/** Takes away what lower layers have: a key or a member with `true`, an element of a list with its value. */
export interface Removal<Value = true> {
  readonly $remove: Value
}

export function strategyOf({ merge }: DataSchema, inherited: MergeStrategy = 'first'): MergeStrategy {
  return merge === 'first' || merge === 'unique' || merge === 'deep' ? merge : inherited
}

/** `values`: highest layer first. Undefined when there is none, or a removal stands above all others. */
export function mergeValues(schema: DataSchema, values: readonly unknown[]): unknown {
  return values.reduceRight((low, high) => over(high, low, schema, strategyOf(schema)), undefined)
}

function over(high: unknown, low: unknown, schema: DataSchema, strategy: MergeStrategy): unknown {
  if (isRemoval(high)) return undefined
  if (strategy === 'unique' && Array.isArray(high)) return uniqueOver(high, Array.isArray(low) ? low : [])
  if (strategy === 'deep' && isObject(high)) return deepOver(high, isObject(low) ? low : {}, schema)
  return high
}

function uniqueOver(high: readonly unknown[], low: readonly unknown[]): readonly unknown[] {
  const own = high.filter((element) => !isElementRemoval(element))
  const removed = new Set(high.filter(isElementRemoval).map(({ $remove }) => canonical($remove)))
  const kept = low.filter((element) => !removed.has(canonical(element)))
  return [...new Map([...own, ...kept].map((element) => [canonical(element), element])).values()]
}

function deepOver(
  high: Readonly<Record<string, unknown>>,
  low: Readonly<Record<string, unknown>>,
  schema: DataSchema,
): unknown {
  const merged = Object.keys({ ...high, ...low }).map((name) => {
    const below = Object.hasOwn(low, name) ? low[name] : undefined
    if (!Object.hasOwn(high, name)) return [name, below] as const
    const member = memberSchema(schema, name)
    return [name, over(high[name], below, member, strategyOf(member, 'deep'))] as const
  })
  return Object.fromEntries(merged.filter(([, value]) => value !== undefined))
}

/** Members that are absent and have a default in the schema are added, at any depth. */
export function withDefaults(schema: DataSchema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { items } = schema
    return isObject(items) ? value.map((element) => withDefaults(items, element)) : value
  }
  if (!isObject(value)) return value
  const absent = Object.entries(propertiesOf(schema)).flatMap(([name, property]) =>
    !Object.hasOwn(value, name) && isObject(property) && property.default !== undefined
      ? [[name, property.default] as const]
      : [],
  )
  const present = Object.entries(value).map(
    ([name, member]) => [name, withDefaults(memberSchema(schema, name), member)] as const,
  )
  return Object.fromEntries([...present, ...absent])
}

/** Schema of an object's member, which accepts anything where the schema does not tell. */
export function memberSchema(schema: DataSchema, name: string): DataSchema {
  const properties = propertiesOf(schema)
  const member = Object.hasOwn(properties, name) ? properties[name] : schema.additionalProperties
  return isObject(member) ? member : {}
}

function propertiesOf({ properties }: DataSchema): Readonly<Record<string, unknown>> {
  return isObject(properties) ? properties : {}
}

/** Of a key, or of a member of a deep one. */
export function isRemoval(value: unknown): value is Removal {
  return isElementRemoval(value) && value.$remove === true
}

/** Of an element of a unique list. */
export function isElementRemoval(value: unknown): value is Removal<unknown> {
  return isObject(value) && Object.hasOwn(value, '$remove') && Object.keys(value).length === 1
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
