/**
 * A catalog made ready to converge: every resource has its type, valid parameters and its place in the graph. One bad
 * resource refuses the whole catalog, before anything is changed.
 */
import { RekindleError } from '../../schemas/errors.ts'
import type { Catalog, CatalogResource, Schedule } from '../../schemas/generated/types.ts'
import { hashOf } from '../../schemas/hash.ts'
import { type ResourceId, renderResourceId } from '../../schemas/resource-id.ts'
import {
  type Diagnostic,
  diagnose,
  isResourceType,
  renderDiagnostic,
  type SchemaName,
} from '../../schemas/validate.ts'
import type { ResourceType, Wanted } from '../resource/resource-type.ts'
import { brokenEdges, type Dependencies, dependenciesOf } from './graph.ts'

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
  /** SHA-256 of the parameters' canonical JSON; made at the first call. */
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
  /** What the run is limited to; absent: the items are the whole catalog. */
  readonly selection?: Selection
}

/** @throws RekindleError `catalog-invalid` naming everything that is wrong. */
export function prepare(
  catalog: Catalog,
  catalogHash: string,
  { registry, diagnoseParams = diagnoseBySchema }: { registry: Registry; diagnoseParams?: DiagnoseParams },
): Prepared {
  const mistakes = [
    ...duplicates(catalog.resources),
    ...catalog.resources.flatMap((resource) => mistakesIn(resource, registry, diagnoseParams)),
    ...brokenEdges(catalog.resources).map(
      ({ from, to }) => `"${to}" does not come after "${from}", which it depends on`,
    ),
  ]
  if (mistakes.length > 0) throw refuse(mistakes)
  const items = catalog.resources.map((resource) => toItem(resource, registry))
  return {
    catalog,
    catalogHash,
    items,
    byType: groupByType(items),
    dependencies: dependenciesOf(catalog.resources),
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
  resource: CatalogResource,
  registry: Registry,
  diagnoseParams: DiagnoseParams,
): readonly string[] {
  const { id, type, title, params, where } = resource
  if (id !== renderResourceId(type, title)) return [`"${id}" (${where}) is not the id of ${type} "${title}"`]
  if (registry.get(type) === undefined)
    return [`"${id}" (${where}) is of a type that this agent does not know`]
  return diagnoseParams(type, params).map(
    (diagnostic) => `"${id}" (${where}) ${renderDiagnostic(diagnostic)}`,
  )
}

function diagnoseBySchema(type: string, params: unknown): readonly Diagnostic[] {
  if (!isResourceType(type)) return [{ path: '', wanted: 'a type with a schema', found: type }]
  // isResourceType has just found the schema of that name.
  return diagnose(`resource/${type}` as SchemaName, params)
}

function toItem(
  { type: name, title, params, where, notify, noop, schedule, audit, tags = [] }: CatalogResource,
  registry: Registry,
): Item {
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
    paramsHash: () => (hash ??= hashOf(params)),
  }
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
