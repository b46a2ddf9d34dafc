import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawsOf, lastFirst, type OrderedPart, randomOrder, sampleOrders, turnedAround } from './order.ts'

/** Catalogs of up to `most` resources: an edge only ever leads from an earlier one to a later one. */
function catalogs(most: number): fc.Arbitrary<readonly OrderedPart[]> {
  return fc.integer({ min: 0, max: most }).chain((size) => {
    const pairs = Array.from({ length: size }, (_, to) => Array.from({ length: to }, (_, from) => [from, to]))
      .flat()
      .map(([from = 0, to = 0]) => ({ from, to }))
    const kind = fc.constantFrom('none', 'none', 'require', 'notify')
    return fc.tuple(...pairs.map(() => kind)).map((kinds) => {
      const edges = pairs.map((pair, index) => ({ ...pair, kind: kinds[index] }))
      return Array.from({ length: size }, (_, at) => ({
        id: `r:${at}`,
        require: edges
          .filter(({ to, kind: of }) => to === at && of === 'require')
          .map(({ from }) => `r:${from}`),
        notify: edges
          .filter(({ from, kind: of }) => from === at && of === 'notify')
          .map(({ to }) => `r:${to}`),
      }))
    })
  })
}

const idsOf = (order: readonly OrderedPart[]) => order.map(({ id }) => id)
const keyOf = (order: readonly OrderedPart[]) => idsOf(order).join(' ')

/** Said apart from the code under test: every edge leads forwards, and nothing is missing or twice. */
function isValid(parts: readonly OrderedPart[], order: readonly OrderedPart[]): boolean {
  const ids = idsOf(order)
  if ([...ids].sort().join() !== idsOf(parts).sort().join()) return false
  return parts.every(
    ({ id, require = [], notify = [] }) =>
      require.every((one) => ids.indexOf(one) < ids.indexOf(id)) &&
      notify.every((one) => ids.indexOf(id) < ids.indexOf(one)),
  )
}

function permutations<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  if (items.length === 0) return [[]]
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]))
}

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const free = (size: number): readonly OrderedPart[] =>
  Array.from({ length: size }, (_, at) => ({ id: `r:${at}` }))

describe('orders', () => {
  it('every sampled order is valid, and none comes twice or is the declared one', () => {
    fc.assert(
      fc.property(catalogs(12), seeds, fc.integer({ min: 0, max: 6 }), (parts, seed, count) => {
        const orders = sampleOrders(parts, { count, draw: drawsOf(seed) })
        expect(orders.every((order) => isValid(parts, order))).toBe(true)
        expect(isValid(parts, lastFirst(parts))).toBe(true)
        expect(new Set([parts, ...orders].map(keyOf)).size).toBe(orders.length + 1)
        expect(orders.length).toBeLessThanOrEqual(count)
      }),
    )
  })

  it('isValid(), by which the others are judged, sees a broken edge', () => {
    const parts = [{ id: 'r:0', notify: ['r:1'] }, { id: 'r:1' }, { id: 'r:2', require: ['r:1'] }]
    expect(isValid(parts, parts)).toBe(true)
    expect(isValid(parts, [parts[1], parts[0], parts[2]] as typeof parts)).toBe(false)
    expect(isValid(parts, [parts[0], parts[2], parts[1]] as typeof parts)).toBe(false)
    expect(isValid(parts, parts.slice(1))).toBe(false)
  })

  it('every valid order of a small catalog can come up, and no other', () => {
    fc.assert(
      fc.property(catalogs(5), seeds, (parts, seed) => {
        const draw = drawsOf(seed)
        const drawn = new Set(Array.from({ length: 3_000 }, () => keyOf(randomOrder(parts, draw))))
        const all = permutations(parts).filter((order) => isValid(parts, order))
        expect([...drawn].sort()).toEqual(all.map(keyOf).sort())
      }),
      { numRuns: 25 },
    )
  })

  it('one seed gives the same orders again, another gives others', () => {
    const sample = (seed: number) => sampleOrders(free(12), { count: 3, draw: drawsOf(seed) }).map(keyOf)
    fc.assert(
      fc.property(seeds, seeds, (one, other) => {
        fc.pre(one !== other)
        expect(sample(one)).toEqual(sample(one))
        expect(sample(one)).not.toEqual(sample(other))
      }),
    )
  })

  it('lastFirst() turns every pair around that nothing orders, where no edge is', () => {
    expect(idsOf(lastFirst(free(3)))).toEqual(['r:2', 'r:1', 'r:0'])
    const chained = [{ id: 'a' }, { id: 'b', require: ['a'] }, { id: 'c' }]
    expect(idsOf(lastFirst(chained))).toEqual(['c', 'a', 'b'])
  })

  it('sampleOrders() of a catalog that has one order alone is empty', () => {
    const chain = [{ id: 'a', notify: ['b'] }, { id: 'b' }]
    expect(sampleOrders(chain, { count: 5, draw: drawsOf(1) })).toEqual([])
  })

  it('turnedAround() names what stands on the other side', () => {
    expect(turnedAround(['a', 'b', 'c', 'd'], ['c', 'b', 'd', 'a'], 'b')).toEqual({
      nowBefore: ['c'],
      nowAfter: ['a'],
    })
  })
})
