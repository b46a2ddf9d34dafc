import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createReadCache } from './cache.ts'
import { note } from './recorder.ts'

interface Input {
  a: number
  b: number
  c: number
}

/** Reads b only when a is 1, as a role with a branch does. */
function compile(input: Input): { result: string; reads: ReturnType<typeof note>['reads'] } {
  const { view, reads } = note(input)
  return { result: view.a === 1 ? `one ${view.b}` : `other ${view.a}`, reads }
}

describe('createReadCache()', () => {
  it('finds nothing at first', () => {
    expect(createReadCache<string>(10).find({ a: 1 })).toBeUndefined()
  })

  it('finds a result for every input that looks the same to what was read', () => {
    const cache = createReadCache<string>(10)
    const input = { a: 1, b: 2, c: 3 }
    const { result, reads } = compile(input)
    cache.keep(input, reads, result)
    expect(cache.find({ a: 1, b: 2, c: 99 })).toBe('one 2')
    expect(cache.find({ a: 1, b: 3, c: 3 })).toBeUndefined()
    expect(cache.find({ a: 2, b: 2, c: 3 })).toBeUndefined()
  })

  it('finds what a role that reads nothing gave, for every host', () => {
    const cache = createReadCache<string>(10)
    cache.keep({ a: 1 }, [], 'same for all')
    expect(cache.find({ a: 7 })).toBe('same for all')
  })

  it('gives for any input what a compile of it gives, or nothing', () => {
    const small = fc.record({ a: fc.nat(2), b: fc.nat(2), c: fc.nat(2) })
    fc.assert(
      fc.property(fc.array(small, { maxLength: 30 }), fc.integer({ min: 1, max: 8 }), (inputs, limit) => {
        const cache = createReadCache<string>(limit)
        for (const input of inputs) {
          const { result, reads } = compile(input)
          expect([undefined, result]).toContain(cache.find(input))
          cache.keep(input, reads, result)
          expect(cache.find(input)).toBe(result)
        }
      }),
    )
  })

  it('keeps what was used last when it is full', () => {
    const cache = createReadCache<string>(4)
    const keep = (a: number) => {
      const input = { a, b: 0, c: 0 }
      const { result, reads } = compile(input)
      cache.keep(input, reads, result)
    }
    for (const a of [10, 11, 12]) keep(a)
    expect(cache.find({ a: 10, b: 0, c: 0 })).toBe('other 10')
    for (const a of [13, 14]) keep(a)
    expect(cache.find({ a: 10, b: 0, c: 0 })).toBe('other 10')
    expect(cache.find({ a: 11, b: 0, c: 0 })).toBeUndefined()
  })
})
