/**
 * What one run writes down as it goes, so that a run killed anywhere leaves the next one knowing what it owes: a refresh
 * is on disk before the change that causes it, and leaves the disk after it was done. A no-op run writes nothing.
 */
import type { ResourceId } from '../../schemas/resource-id.ts'
import { causeOf } from './cause.ts'
import { type Memory, type MemoryStore, owe, settle, unowe } from './memory.ts'
import type { Item, Prepared } from './prepare.ts'
import { longestPeriodMs } from './schedule.ts'

export interface Ledger {
  /** What was remembered when the run began: the witness for causes. */
  readonly before: Memory
  /** Whose changes ask for a refresh of this resource; undefined when it is owed none. */
  owedBy(id: ResourceId): readonly ResourceId[] | undefined
  /** Writes down, at once for the whole run, which resources are about to get other parameters. */
  expect(items: readonly Item[]): void
  /** Called before resources are changed or refreshed: from here on their subscribers are owed a refresh. */
  begin(items: readonly Item[]): void
  /** A change failed and left the host exactly as it was: nothing was begun, and nobody is owed anything for it. */
  takeBack(item: Item): void
  /** The resource is as wanted. */
  inSync(item: Item): void
  /** The resource was changed at that time, milliseconds since the epoch. */
  changed(item: Item, at: number): void
  /** The refresh was done. */
  refreshed(id: ResourceId): void
  /** Ends the run; `complete` when every resource is as wanted. */
  close(complete: boolean): void
}

export function openLedger(prepared: Prepared, store: MemoryStore, { noop }: { noop: boolean }): Ledger {
  const before = store.load()
  const synced = new Map<ResourceId, string>()
  const begun = new Set<ResourceId>()
  let current = forget(before, prepared)
  let dirty = false

  const becomesOther = (item: Item) => {
    const hash = before.converged.get(item.wanted.id)
    return hash !== undefined && causeOf(before, item.wanted.id, facts(item)) === 'intent'
  }
  const save = () => {
    // In a no-op run only what says `noop: false` is changed, and only that is written down.
    if (!noop || begun.size > 0) store.save(withSynced(current, synced))
  }
  const attempt = (items: readonly Item[]): boolean => {
    const fresh = items.filter((item) => !current.attempted.has(item.wanted.id) && becomesOther(item))
    if (fresh.length === 0) return false
    current = {
      ...current,
      attempted: new Set([...current.attempted, ...fresh.map(({ wanted }) => wanted.id)]),
    }
    return true
  }

  return {
    before,
    owedBy: (id) => current.owed.get(id),
    expect(items) {
      if (attempt(items)) save()
    },
    begin(items) {
      // Only a subscriber that was owed nothing needs the disk now; who else notified it goes there with the next write.
      const first = items.some(({ notify }) => notify.some((target) => !current.owed.has(target)))
      for (const { wanted, notify } of items) {
        begun.add(wanted.id)
        for (const target of notify) current = owe(current, target, wanted.id)
      }
      if (attempt(items) || first) save()
      dirty = true
    },
    takeBack(item) {
      begun.delete(item.wanted.id)
      for (const target of item.notify) {
        // What an earlier run owed on this resource's account is still owed.
        if (!before.owed.get(target)?.includes(item.wanted.id))
          current = unowe(current, target, item.wanted.id)
      }
    },
    inSync(item) {
      if (noop && !begun.has(item.wanted.id)) return
      if (before.catalog === prepared.catalogHash && !before.attempted.has(item.wanted.id)) return
      synced.set(item.wanted.id, item.paramsHash())
    },
    changed({ wanted, schedule }, at) {
      if (schedule?.period === undefined) return
      const times = current.changedAt.get(wanted.id) ?? []
      const recent = [...times.filter((time) => at - time < longestPeriodMs), at]
      current = { ...current, changedAt: new Map(current.changedAt).set(wanted.id, recent) }
      dirty = true
    },
    refreshed(id) {
      current = settle(current, id)
      dirty = true
      save()
    },
    close(complete) {
      const stillAttempted = [...current.attempted].filter((id) => begun.has(id) || before.attempted.has(id))
      current = { ...current, attempted: new Set(stillAttempted) }
      if (complete && !noop && prepared.selection === undefined)
        current = { ...current, catalog: prepared.catalogHash }
      const changed = [...synced].some(
        ([id, hash]) => before.converged.get(id) !== hash || before.attempted.has(id),
      )
      if (dirty || changed || current.catalog !== before.catalog) save()
    },
  }
}

function facts(item: Item) {
  return { paramsHash: item.paramsHash(), canDrift: item.canDrift }
}

/** Memory without the resources that the catalog no longer has. */
function forget(memory: Memory, prepared: Prepared): Memory {
  if (memory.catalog === prepared.catalogHash) return memory
  const ids = new Set<string>(prepared.catalog.resources.map(({ id }) => id))
  return {
    ...memory,
    converged: new Map([...memory.converged].filter(([id]) => ids.has(id))),
    attempted: new Set([...memory.attempted].filter((id) => ids.has(id))),
    changedAt: new Map([...memory.changedAt].filter(([id]) => ids.has(id))),
    owed: new Map([...memory.owed].filter(([id]) => ids.has(id))),
  }
}

function withSynced(memory: Memory, synced: ReadonlyMap<ResourceId, string>): Memory {
  if (synced.size === 0) return memory
  return {
    ...memory,
    converged: new Map([...memory.converged, ...synced]),
    attempted: new Set([...memory.attempted].filter((id) => !synced.has(id))),
  }
}
