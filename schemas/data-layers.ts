/**
 * Data in layers: which layers a host looks at, and what they give together. The compiler's sandbox reads data with it, and the
 * server asks with it whether another host would see the same. Pure.
 */
import {
  type DataSchema,
  isObject,
  isRemoval,
  type MergeStrategy,
  mergeValues,
  strategyOf,
  withDefaults,
} from './data-merge.ts'

/** A leaf of the site's schema: what layers give a value for. */
export interface DataKey {
  readonly kind: 'key'
  readonly schema: DataSchema
  readonly isOptional: boolean
}

/** Only groups keys: each of them is looked up on its own. */
export interface DataSection {
  readonly kind: 'section'
  readonly members: Readonly<Record<string, DataNode>>
}

export type DataNode = DataKey | DataSection

export interface DataRules {
  /** Names of layers, highest first, with `{host}`, `{role}`, `{environment}` and `{facts.a.b}` in them. */
  readonly hierarchy: readonly string[]
  readonly keys: DataSection
}

/** What the names of layers are made of. */
export interface DataScope {
  readonly host: string
  /** The most specific last: its layer is the highest of theirs. */
  readonly roles: readonly string[]
  readonly environment?: string | undefined
  readonly facts: unknown
}

/** What rules see of a host's data: they decide its roles, so that no layer of a role has a part in it. */
export function ruleScope(scope: Omit<DataScope, 'roles'>): DataScope {
  return { ...scope, roles: [] }
}

/** What the name of one layer is made of. */
export type LayerScope = Omit<DataScope, 'roles'> & { readonly role?: string }

export interface Layer {
  /** Path of its file, relative to the site. */
  readonly file: string
  readonly values: Readonly<Record<string, unknown>>
}

/** By name, such as `host/web-1`. */
export type FindLayer = (name: string) => Layer | undefined

export interface AskedLayer {
  readonly pattern: string
  /** Absent when something that the pattern names has no value. */
  readonly name: string | undefined
  /** Absent when the site has no such layer. */
  readonly found: Layer | undefined
}

/** What a layer did for a key; `silent` has no value for it. */
export type LayerPart = 'wins' | 'merged' | 'removes' | 'covered' | 'silent'

export interface ExplainedLayer {
  /** As the hierarchy has it where it stands for nothing. */
  readonly name: string
  /** Absent when the site has no such layer. */
  readonly file: string | undefined
  /** `file:line:column` of the value. */
  readonly where: string | undefined
  readonly value: unknown
  readonly part: LayerPart
}

export interface ExplainedKey {
  /** Sections and name, joined by dots. */
  readonly key: string
  readonly strategy: MergeStrategy
  /** Undefined when no layer gives one, and the schema none either. */
  readonly value: unknown
  /** The value is the schema's. */
  readonly isDefault: boolean
  readonly layers: readonly ExplainedLayer[]
  /** Why a role could not use it. */
  readonly problem: { readonly message: string; readonly hint: string | null } | null
}

const placeholder = /\{([^{}]*)\}/g

/** What is wrong with a name in a hierarchy. */
export function wrongPattern(pattern: string): string | undefined {
  if (pattern === '' || /^\/|(?:^|\/)\.|\/$|\/\//.test(pattern)) return 'wanted a path below the folder'
  for (const [written, inside = ''] of pattern.matchAll(placeholder)) {
    if (!/^(?:host|role|environment|facts(?:\.[^.{}]+)+)$/.test(inside))
      return `it has ${written}; known are {host}, {role}, {environment} and {facts.NAME.NAME}`
  }
  return /[{}]/.test(pattern.replaceAll(placeholder, '')) ? 'a brace has no other' : undefined
}

/** Name of a host's layer; undefined when a part has no value, or one that would lead to another folder. */
export function layerName(pattern: string, scope: LayerScope): string | undefined {
  let isWhole = true
  const name = pattern.replaceAll(placeholder, (_, inside: string) => {
    const value = at(scope, inside.split('.'))
    const text = typeof value === 'object' || value === undefined ? '' : String(value)
    // Facts are what a host claims: they choose among layers, and never a path.
    if (text === '' || text.startsWith('.') || /[/\\\0]/.test(text)) isWhole = false
    return text
  })
  return isWhole ? name : undefined
}

/** What the placeholders of the first pattern that a layer's name fits stand for; undefined when it fits none. */
export function fitPattern(
  hierarchy: readonly string[],
  name: string,
): Readonly<Record<string, string>> | undefined {
  for (const pattern of hierarchy) {
    const inside = [...pattern.matchAll(placeholder)].map(([, inner = '']) => inner)
    const literal = pattern.split(placeholder).filter((_, index) => index % 2 === 0)
    const match = new RegExp(`^${literal.map(RegExp.escape).join('([^/]+)')}$`).exec(name)
    if (match !== null) return Object.fromEntries(inside.map((key, index) => [key, match[index + 1] ?? '']))
  }
  return undefined
}

/** Every layer that a host looks at, highest first. */
export function askLayers(rules: DataRules, scope: DataScope, find: FindLayer): readonly AskedLayer[] {
  return rules.hierarchy.flatMap((pattern) =>
    layerScopes(pattern, scope).map((of) => {
      const name = layerName(pattern, of)
      return { pattern, name, found: name === undefined ? undefined : find(name) }
    }),
  )
}

/** Names of the layers that a pattern stands for on a host: one, or one a role if it names the role. */
export function layerNames(pattern: string, scope: DataScope): readonly string[] {
  return layerScopes(pattern, scope).flatMap((of) => layerName(pattern, of) ?? [])
}

function layerScopes(pattern: string, { roles, ...scope }: DataScope): readonly LayerScope[] {
  return pattern.includes('{role}') ? roles.toReversed().map((role) => ({ ...scope, role })) : [scope]
}

/** All keys that have a value, in their sections. */
export function resolveData(rules: DataRules, asked: readonly AskedLayer[]): object {
  const layers = asked.flatMap(({ found }) => found ?? [])
  const resolve = (node: DataNode, path: readonly string[]): unknown =>
    node.kind === 'key'
      ? orDefault(node, mergeValues(node.schema, layersAt(layers, path)))
      : Object.fromEntries(
          Object.entries(node.members)
            .map(([name, member]) => [name, resolve(member, [...path, name])] as const)
            .filter(([, value]) => value !== undefined),
        )
  return Object(resolve(rules.keys, []))
}

/** Why a key has the value that it has. */
export function explainKey(
  key: DataKey,
  path: readonly string[],
  asked: readonly AskedLayer[],
  whereOf: (layer: Layer, path: readonly string[]) => string,
): Omit<ExplainedKey, 'problem'> {
  const strategy = strategyOf(key.schema)
  const given = asked.map((layer) => ({ ...layer, value: at(layer.found?.values, path) }))
  const end = given.findIndex(
    ({ value }) => isRemoval(value) || (strategy === 'first' && value !== undefined),
  )
  const layers = given.map(({ pattern, name, found, value }, index) => ({
    name: name ?? pattern,
    file: found?.file,
    where: found === undefined || value === undefined ? undefined : whereOf(found, path),
    value,
    part: partOf(value, index, end),
  }))
  const merged = mergeValues(key.schema, present(given.map(({ value }) => value)))
  const isDefault = merged === undefined && key.schema.default !== undefined
  return { key: path.join('.'), strategy, value: orDefault(key, merged), isDefault, layers }
}

/** `end`: of the layer below which no other counts; -1 when all count. */
function partOf(value: unknown, index: number, end: number): LayerPart {
  if (value === undefined) return 'silent'
  if (end >= 0 && index > end) return 'covered'
  if (isRemoval(value)) return 'removes'
  return index === end ? 'wins' : 'merged'
}

function layersAt(layers: readonly Layer[], path: readonly string[]): readonly unknown[] {
  return present(layers.map(({ values }) => at(values, path)))
}

function present(values: readonly unknown[]): readonly unknown[] {
  return values.filter((value) => value !== undefined)
}

function orDefault({ schema }: DataKey, value: unknown): unknown {
  return withDefaults(schema, value === undefined ? schema.default : value)
}

/** What stands at a path; undefined where the way ends before. */
export function at(root: unknown, path: readonly string[]): unknown {
  let value = root
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return value
}
