/** Order of resources along their edges. Pure. */
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Declared } from './declared.ts'

/** For each resource, others that stand to it in one relation, such as "come before it". */
export type Edges = ReadonlyMap<ResourceId, Set<ResourceId>>

export interface OrderedResource {
  readonly id: ResourceId
  readonly declared: Declared
  /** Ids that must have converged before; in order of declaration. */
  readonly require: readonly ResourceId[]
  /** Ids that are refreshed when this one changed; in order of declaration. */
  readonly notify: readonly ResourceId[]
}

/**
 * The resources in order of declaration, each moved back only as far as its edges ask (Kahn, first declared first). Those
 * in a loop, and behind one, are left out.
 */
export function order(
  before: Edges,
  notify: Edges,
  all: ReadonlyMap<ResourceId, Declared>,
): readonly OrderedResource[] {
  const ids = [...all.keys()]
  const position = new Map(ids.map((id, index) => [id, index]))
  const after = new Map<ResourceId, ResourceId[]>(ids.map((id) => [id, []]))
  const waitsFor = new Map<ResourceId, number>()
  for (const [id, others] of before) {
    waitsFor.set(id, others.size)
    for (const other of others) after.get(other)?.push(id)
  }
  const sorted = (set: ReadonlySet<ResourceId> | undefined) =>
    [...(set ?? [])].sort((a, b) => (position.get(a) ?? 0) - (position.get(b) ?? 0))

  const ready = new SortedQueue(ids.flatMap((id, index) => (waitsFor.get(id) === 0 ? [index] : [])))
  const ordered: OrderedResource[] = []
  for (let index = ready.take(); index !== undefined; index = ready.take()) {
    const id = ids[index]
    const declared = id === undefined ? undefined : all.get(id)
    if (id === undefined || declared === undefined) continue
    ordered.push({ id, declared, require: sorted(before.get(id)), notify: sorted(notify.get(id)) })
    for (const next of after.get(id) ?? []) {
      const left = (waitsFor.get(next) ?? 0) - 1
      waitsFor.set(next, left)
      if (left === 0) ready.add(position.get(next) ?? 0)
    }
  }
  return ordered
}

/** Numbers, smallest first. Few wait at a time and most come in order, so that a list serves better than a heap. */
class SortedQueue {
  /** Largest first. */
  readonly #numbers: number[]

  constructor(ascending: readonly number[]) {
    this.#numbers = ascending.toReversed()
  }

  take(): number | undefined {
    return this.#numbers.pop()
  }

  add(number: number): void {
    let low = 0
    let high = this.#numbers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#numbers[middle] ?? 0) > number) low = middle + 1
      else high = middle
    }
    this.#numbers.splice(low, 0, number)
  }
}
