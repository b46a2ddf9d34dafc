/** Valid orders of a catalog: every resource after what it requires and what notifies it. Pure; randomness comes in. */
import type { CatalogResource } from '../../schemas/generated/types.ts'

export type OrderedPart = Pick<CatalogResource, 'id' | 'require' | 'notify'>

/** A number of [0, bound). */
export type Draw = (bound: number) => number

/** Draws of one seed, always the same ones (mulberry32). */
export function drawsOf(seed: number): Draw {
  let state = seed >>> 0
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound)
  }
}

/** Any valid order, each with a chance. */
export function randomOrder<Part extends OrderedPart>(parts: readonly Part[], draw: Draw): readonly Part[] {
  return orderBy(parts, (ready) => draw(ready.length))
}

/**
 * What was declared last comes first, as far as it may: turns nearly every pair around that nothing orders, and so finds
 * most of what an order can find.
 */
export function lastFirst<Part extends OrderedPart>(parts: readonly Part[]): readonly Part[] {
  const position = new Map(parts.map(({ id }, index) => [id, index]))
  const at = (part: Part | undefined) => position.get(part?.id ?? '') ?? -1
  return orderBy(parts, (ready) =>
    ready.reduce((best, part, index) => (at(part) > at(ready[best]) ? index : best), 0),
  )
}

/**
 * Up to `count` orders that differ from each other and from the one that is given: the last first, then random ones.
 * Fewer when chance finds no more, as in a catalog that has no others.
 */
export function sampleOrders<Part extends OrderedPart>(
  parts: readonly Part[],
  { count, draw }: { readonly count: number; readonly draw: Draw },
): readonly (readonly Part[])[] {
  const key = (order: readonly Part[]) => order.map(({ id }) => id).join('\n')
  const known = new Set([key(parts)])
  const orders: (readonly Part[])[] = []
  const take = (order: readonly Part[]) => {
    if (known.has(key(order))) return
    known.add(key(order))
    orders.push(order)
  }
  if (count > 0) take(lastFirst(parts))
  for (let tries = 0; orders.length < count && tries < count * 20; tries++) take(randomOrder(parts, draw))
  return orders
}

/** What stands on the other side of a resource than as declared: nothing orders the two. */
export function turnedAround(
  declared: readonly string[],
  order: readonly string[],
  id: string,
): { readonly nowBefore: readonly string[]; readonly nowAfter: readonly string[] } {
  const before = (ids: readonly string[]) => new Set(ids.slice(0, ids.indexOf(id)))
  const [was, is] = [before(declared), before(order)]
  return {
    nowBefore: [...is].filter((one) => !was.has(one)),
    nowAfter: [...was].filter((one) => !is.has(one)),
  }
}

/** Kahn: takes one of those that wait for nothing any more, until there is none. */
function orderBy<Part extends OrderedPart>(
  parts: readonly Part[],
  choose: (ready: readonly Part[]) => number,
): readonly Part[] {
  const followers = new Map<string, Part[]>(parts.map(({ id }) => [id, []]))
  const waits = new Map(parts.map(({ id }) => [id, 0]))
  const byId = new Map(parts.map((part) => [part.id, part]))
  const edge = (from: string, to: string) => {
    const follower = byId.get(to)
    if (follower === undefined || !byId.has(from)) return
    followers.get(from)?.push(follower)
    waits.set(to, (waits.get(to) ?? 0) + 1)
  }
  for (const { id, require = [], notify = [] } of parts) {
    for (const from of require) edge(from, id)
    for (const to of notify) edge(id, to)
  }
  const ready = parts.filter(({ id }) => waits.get(id) === 0)
  const order: Part[] = []
  while (ready.length > 0) {
    const [part] = ready.splice(choose(ready), 1)
    if (part === undefined) break
    order.push(part)
    for (const follower of followers.get(part.id) ?? []) {
      const left = (waits.get(follower.id) ?? 0) - 1
      waits.set(follower.id, left)
      if (left === 0) ready.push(follower)
    }
  }
  return order
}
