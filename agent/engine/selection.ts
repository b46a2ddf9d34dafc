/** Pure: a run of a part of a catalog. */
import { groupByType, type Item, type Prepared, type Selection } from './prepare.ts'

/**
 * The part of a catalog that a run is limited to. What depends on something left out does not wait for it; what is
 * notified and left out is owed its refresh, and a later run does it (Puppet forgets it).
 */
export function select(prepared: Prepared, selection: Selection): Prepared {
  const { tags, skipTags = [] } = selection
  if (tags === undefined && skipTags.length === 0) return prepared
  const has = (item: Item) => (tag: string) => item.tags.has(tag) || item.wanted.id === tag
  const items = prepared.items.filter(
    (item) => (tags === undefined || tags.some(has(item))) && !skipTags.some(has(item)),
  )
  const ids = new Set<string>(items.map(({ wanted }) => wanted.id))
  return {
    ...prepared,
    items,
    byType: groupByType(items),
    dependencies: new Map(
      [...prepared.dependencies]
        .filter(([id]) => ids.has(id))
        .map(([id, needed]) => [id, needed.filter((one) => ids.has(one))]),
    ),
    selection,
  }
}
