import { describe, expect, it } from 'vitest'
import type { Catalog } from '../../schemas/generated/types.ts'
import { findDrop } from './drop.ts'

function catalog(from: number, to: number): Pick<Catalog, 'resources'> {
  const numbers = Array.from({ length: to - from }, (_, index) => from + index)
  return {
    resources: numbers.map((number) => ({
      id: `file:/srv/${number}`,
      type: 'file',
      title: `/srv/${number}`,
      where: 'site.ts:1',
      params: {},
    })),
  }
}

describe('findDrop()', () => {
  it.each([
    [50, 10, undefined],
    [51, 10, undefined],
    [49, 10, ['file:/srv/0', 'file:/srv/5']],
    [0, 10, ['file:/srv/0', 'file:/srv/5']],
  ])('with a limit of %i % of %i resources, six of which go', (limit, _, ends) => {
    const drop = findDrop(catalog(0, 12), catalog(6, 20), limit)
    expect(drop && [drop.dropped.at(0), drop.dropped.at(-1)]).toEqual(ends)
    expect(drop?.dropped.length).toBe(ends && 6)
  })

  it('lets four go from any catalog, and five only within the limit', () => {
    expect(findDrop(catalog(0, 4), catalog(4, 4), 0)).toBeUndefined()
    expect(findDrop(catalog(0, 5), catalog(5, 5), 99)).toMatchObject({ resources: 5 })
    expect(findDrop(catalog(0, 5), catalog(5, 5), 100)).toBeUndefined()
  })

  it('is another one when something else goes, or goes from another catalog', () => {
    const evidences = [
      findDrop(catalog(0, 10), catalog(0, 0), 50),
      findDrop(catalog(0, 10), catalog(0, 1), 50),
      findDrop(catalog(0, 11), catalog(10, 11), 50),
    ].map((drop) => drop?.evidence)
    expect(new Set(evidences).size).toBe(3)
    expect(findDrop(catalog(0, 10), catalog(20, 30), 50)?.evidence).toBe(evidences[0])
  })
})
