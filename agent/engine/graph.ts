/** Pure: what waits for what, and what a failure skips. Catalogs come in an order in which dependencies stand first. */
import type { CatalogResource } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'

/** For each resource, those that must have converged before it: what it requires, and what notifies it. */
export type Dependencies = ReadonlyMap<string, readonly string[]>

/** Failed or skipped resources, each with the failures at the root of it (itself, when it failed). */
export type Blame = ReadonlyMap<string, readonly ResourceId[]>

export function dependenciesOf(resources: readonly CatalogResource[]): Dependencies {
  const dependencies = new Map<string, string[]>(
    resources.map((resource) => [resource.id, [...(resource.require ?? [])]]),
  )
  for (const { id, notify = [] } of resources) {
    for (const target of notify) dependencies.get(target)?.push(id)
  }
  return dependencies
}

/** The failures that keep a resource from its turn, directly or through others; empty when nothing does. */
export function blockedBy(dependencies: Dependencies, blame: Blame, id: string): readonly ResourceId[] {
  if (blame.size === 0) return []
  return [...new Set((dependencies.get(id) ?? []).flatMap((dependency) => blame.get(dependency) ?? []))]
}

/** Resources that stand next to each other, are of one type and wait for none among themselves. */
export function stretchesOf<
  One extends { readonly type: unknown; readonly wanted: { readonly id: string } },
>({
  items,
  dependencies,
}: {
  readonly items: readonly One[]
  readonly dependencies: Dependencies
}): readonly (readonly One[])[] {
  const stretches: One[][] = []
  let within = new Set<string>()
  for (const item of items) {
    const stretch = stretches.at(-1)
    const needed = dependencies.get(item.wanted.id) ?? []
    if (stretch?.[0]?.type === item.type && !needed.some((id) => within.has(id))) {
      stretch?.push(item)
    } else {
      stretches.push([item])
      within = new Set()
    }
    within.add(item.wanted.id)
  }
  return stretches
}

/** Edges that the order of the resources breaks: a dependency that is missing, or stands at or after its dependent. */
export function brokenEdges(resources: readonly CatalogResource[]): readonly { from: string; to: string }[] {
  const position = new Map(resources.map(({ id }, index) => [id, index]))
  const edges = resources.flatMap(({ id, require = [], notify = [] }) => [
    ...require.map((from) => ({ from, to: id })),
    ...notify.map((to) => ({ from: id, to })),
  ])
  return edges.filter(({ from, to }) => !((position.get(from) ?? Infinity) < (position.get(to) ?? -1)))
}
