/**
 * A catalog made ready to converge: every resource has its type, valid parameters and its place in the graph. One bad
 * resource refuses the whole catalog, before anything is changed.
 */
import { RekindleError, toError } from '../../schemas/errors.ts'
import type { Catalog, CatalogResource, Schedule } from '../../schemas/generated/types.ts'
import { hashOf } from '../../schemas/hash.ts'
import { type ResourceId, renderResourceId } from '../../schemas/resource-id.ts'
import { secretsIn } from '../../schemas/secret.ts'
import {
  type Diagnostic,
  diagnose,
  isResourceType,
  renderDiagnostic,
  type SchemaName,
} from '../../schemas/validate.ts'
import type { ResourceType, Wanted } from '../resource/resource-type.ts'
import { brokenEdges, type Dependencies, dependenciesOf } from './graph.ts'
import {
  createRedact,
  type FilledResource,
  fillSecrets,
  type Redact,
  redacted,
  type SecretValues,
} from './secret.ts'

/** A type whose parameters and state only it knows. */
export type AnyResourceType = ResourceType<unknown, unknown>

export interface Registry {
  get(name: string): AnyResourceType | undefined
}

/** What is wrong with a resource's parameters. */
export type DiagnoseParams = (type: string, params: unknown) => readonly Diagnostic[]

export interface Item {
  readonly wanted: Wanted<unknown>
  readonly type: AnyResourceType
  readonly notify: readonly ResourceId[]
  /** Undefined: as the run. */
  readonly noop: boolean | undefined
  readonly schedule: Schedule | undefined
  /** What is only reported: all of it, or these parameters. */
  readonly audit: true | readonly string[] | undefined
  /** `wanted` without what is only reported. */
  readonly enforced: Wanted<unknown>
  /** The declared tags and the type's name. */
  readonly tags: ReadonlySet<string>
  readonly canDrift: boolean
  /** Nothing of what it had or gets is shown or kept. */
  readonly hasSecrets: boolean
  /** SHA-256 of the parameters' canonical JSON, secrets by name and digest; made at the first call. */
  readonly paramsHash: () => string
}

export interface Selection {
  /** Only what has one of these; a tag of a resource, the name of its type, or its id. Absent: everything. */
  readonly tags?: readonly string[]
  /** Not what has one of these, whatever else it has. */
  readonly skipTags?: readonly string[]
}

export interface Prepared {
  readonly catalog: Catalog
  readonly catalogHash: string
  /** In the order in which they are converged. */
  readonly items: readonly Item[]
  readonly byType: ReadonlyMap<AnyResourceType, readonly Wanted<unknown>[]>
  readonly dependencies: Dependencies
  /** Contents with secrets in them, by SHA-256. For memory alone. */
  readonly contents: ReadonlyMap<string, Uint8Array>
  /** Takes values of secrets out of what a run tells. */
  readonly redact: Redact
  /** What the run is limited to; absent: the items are the whole catalog. */
  readonly selection?: Selection
}

export interface PrepareOptions {
  readonly registry: Registry
  readonly diagnoseParams?: DiagnoseParams
  /** Values of the secrets that the catalog names. Absent: there are none. */
  readonly secrets?: SecretValues
}

/** @throws RekindleError `catalog-invalid` naming everything that is wrong. */
export function prepare(catalog: Catalog, catalogHash: string, options: PrepareOptions): Prepared {
  const { registry, diagnoseParams = diagnoseBySchema, secrets = new Map() } = options
  const filled = catalog.resources.map((resource) => fill(resource, secrets, diagnoseParams))
  const mistakes = [
    ...duplicates(catalog.resources),
    ...filled.flatMap((one) => mistakesIn(one, registry, diagnoseParams)),
    ...brokenEdges(catalog.resources).map(
      ({ from, to }) => `"${to}" does not come after "${from}", which it depends on`,
    ),
  ]
  if (mistakes.length > 0) throw refuse(mistakes)
  const items = filled.map((one) => toItem(one, registry, catalog.secrets))
  const secretive = new Set<string>(
    items.flatMap(({ hasSecrets, wanted }) => (hasSecrets ? [wanted.id] : [])),
  )
  return {
    catalog,
    catalogHash,
    items,
    byType: groupByType(items),
    dependencies: dependenciesOf(catalog.resources),
    contents: new Map(filled.flatMap(({ content, sha256 }) => (content ? [[sha256, content]] : []))),
    redact: createRedact(secrets, (id) => secretive.has(id)),
  }
}

interface Filled extends FilledResource {
  readonly resource: CatalogResource
  /** Of the content, if it has one. */
  readonly sha256: string
  /** Why its secrets could not be filled in. */
  readonly problem?: string
}

function fill(resource: CatalogResource, secrets: SecretValues, diagnoseParams: DiagnoseParams): Filled {
  const { type, params, secrets: places = [] } = resource
  if (places.length === 0) return { resource, params, sha256: '' }
  try {
    const filled = fillSecrets(resource, secrets)
    // Types that can hide what they handle do; the others refuse the parameter.
    const hiding = { ...filled.params, sensitive: true }
    const canHide = diagnoseParams(type, hiding).length === diagnoseParams(type, filled.params).length
    const { blob } = filled.params
    const sha256 = String(Reflect.get(Object(blob), 'sha256'))
    return { resource, ...filled, sha256, ...(canHide ? { params: hiding } : {}) }
  } catch (error) {
    return { resource, params, sha256: '', problem: toError(error).message }
  }
}

/** What each type reads at once. */
export function groupByType(items: readonly Item[]): Prepared['byType'] {
  const groups = Map.groupBy(items, (item) => item.type)
  return new Map([...groups].map(([type, of]) => [type, of.map(({ wanted }) => wanted)]))
}

function duplicates(resources: readonly CatalogResource[]): readonly string[] {
  const first = new Map<string, string>()
  return resources.flatMap(({ id, where }) => {
    const other = first.get(id)
    first.set(id, where)
    return other === undefined ? [] : [`"${id}" (${where}) is declared at ${other} too`]
  })
}

function mistakesIn(
  { resource, params, problem }: Filled,
  registry: Registry,
  diagnoseParams: DiagnoseParams,
): readonly string[] {
  const { id, type, title, where, secrets } = resource
  if (id !== renderResourceId(type, title)) return [`"${id}" (${where}) is not the id of ${type} "${title}"`]
  if (registry.get(type) === undefined)
    return [`"${id}" (${where}) is of a type that this agent does not know`]
  if (problem !== undefined) return [`"${id}" (${where}) ${problem}`]
  return diagnoseParams(type, params).map((diagnostic) => {
    const shown = secrets === undefined ? diagnostic : { ...diagnostic, found: redacted }
    return `"${id}" (${where}) ${renderDiagnostic(shown)}`
  })
}

function diagnoseBySchema(type: string, params: unknown): readonly Diagnostic[] {
  if (!isResourceType(type)) return [{ path: '', wanted: 'a type with a schema', found: type }]
  // isResourceType has just found the schema of that name.
  return diagnose(`resource/${type}` as SchemaName, params)
}

function toItem({ resource, params }: Filled, registry: Registry, digests: Catalog['secrets'] = {}): Item {
  const { type: name, title, where, notify, noop, schedule, audit, tags = [], secrets } = resource
  const type = registry.get(name)
  if (type === undefined) throw refuse([`"${name}" is no type of this agent`])
  const wanted: Wanted<unknown> = { id: renderResourceId(name, title), title, params, where }
  let hash: string | undefined
  return {
    wanted,
    type,
    // prepare() has found each of them among the catalog's ids.
    notify: (notify ?? []) as ResourceId[],
    noop,
    schedule,
    audit,
    enforced: Array.isArray(audit) ? { ...wanted, params: without(params, audit) } : wanted,
    tags: new Set([name, ...tags]),
    canDrift: type.canDrift?.(wanted) ?? true,
    hasSecrets: secrets !== undefined,
    paramsHash: () => (hash ??= hashOf(secrets === undefined ? params : unfilled(resource, digests))),
  }
}

/** What tells apart the parameters of two catalogs, and holds no value nor what is made of one. */
function unfilled(resource: CatalogResource, digests: NonNullable<Catalog['secrets']>): object {
  const { params, secrets } = resource
  return { params, secrets, digests: secretsIn([resource]).map((name) => digests[name] ?? null) }
}

function without(params: object, names: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(params).filter(([name]) => !names.includes(name)))
}

function refuse(mistakes: readonly string[]): RekindleError {
  return new RekindleError({
    code: 'catalog-invalid',
    message: `Cannot apply the catalog: ${mistakes.join('; ')}`,
    kept: 'everything; nothing was changed',
    hint: 'Agent and server may differ in version',
  })
}
