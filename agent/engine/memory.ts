/**
 * What the engine remembers of a host between runs. The engine asks for the port below; agent/daemon/state.ts keeps it
 * in a file. Memory is only ever a witness: it decides between `intent` and `drift` and which refreshes are owed, never
 * whether something is in sync.
 */
import type { ResourceId } from '../../schemas/resource-id.ts'

export interface Memory {
  /** Hash of the catalog that was converged completely, nothing failed; absent until there was one. */
  readonly catalog?: string
  /** Hash of the parameters with which each resource was last in sync. */
  readonly converged: ReadonlyMap<ResourceId, string>
  /**
   * Resources whose change to other parameters was begun. Until they are in sync again, what differs may be the agent's
   * own half-done work, and so is no drift.
   */
  readonly attempted: ReadonlySet<ResourceId>
  /** When each resource with a `period` in its schedule was changed, milliseconds since the epoch, newest last. */
  readonly changedAt: ReadonlyMap<ResourceId, readonly number[]>
  /** Refreshes not yet done: who is to be refreshed, and whose changes ask for it. */
  readonly owed: ReadonlyMap<ResourceId, readonly ResourceId[]>
}

/** Keeps a Memory. `save` returns when it would survive a loss of power. */
export interface MemoryStore {
  load(): Memory
  save(memory: Memory): void
}

export const emptyMemory: Memory = {
  converged: new Map(),
  attempted: new Set(),
  changedAt: new Map(),
  owed: new Map(),
}

/** Adds one owed refresh. */
export function owe(memory: Memory, target: ResourceId, notifier: ResourceId): Memory {
  const by = memory.owed.get(target) ?? []
  if (by.includes(notifier)) return memory
  return { ...memory, owed: new Map(memory.owed).set(target, [...by, notifier]) }
}

/** Takes back what `notifier` asked for, after its change turned out not to have touched the host. */
export function unowe(memory: Memory, target: ResourceId, notifier: ResourceId): Memory {
  const left = (memory.owed.get(target) ?? []).filter((id) => id !== notifier)
  const owed = new Map(memory.owed)
  if (left.length === 0) owed.delete(target)
  else owed.set(target, left)
  return { ...memory, owed }
}

/** Removes every refresh owed to `target`: it was done. */
export function settle(memory: Memory, target: ResourceId): Memory {
  const owed = new Map(memory.owed)
  owed.delete(target)
  return { ...memory, owed }
}
