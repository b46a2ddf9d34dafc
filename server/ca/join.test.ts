import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Attributes } from '../../schemas/trusted.ts'
import { type Db, openDatabase } from '../store/db.ts'
import { attributesOf, listIncarnations } from '../store/incarnation.ts'
import { mintJoinToken } from './join.ts'

let db: Db
beforeEach(() => {
  db = openDatabase(':memory:')
})
afterEach(() => db.close())

const mint = (attributes?: Attributes) =>
  mintJoinToken({ db, now: () => 1, random: randomBytes }, { host: 'web-9', attributes, by: 'test' })
const newest = () => {
  const [incarnation] = listIncarnations(db, 'web-9', 1)
  return incarnation === undefined ? undefined : [incarnation.number, attributesOf(db, incarnation.id)]
}
const enrol = () => db.prepare('UPDATE incarnation SET enrolled_at = 1').run()

describe('mintJoinToken()', () => {
  it('gives the attributes to the incarnation that will enrol', () => {
    mint({ rack: 'b4' })
    expect(newest()).toEqual([1, { rack: 'b4' }])
  })

  it('a token that was not used leaves none of its own behind', () => {
    mint({ rack: 'b4' })
    mint({ zone: 'x' })
    expect(newest()).toEqual([1, { zone: 'x' }])
    mint()
    expect(newest()).toEqual([1, {}])
  })

  it('without any, the next incarnation has those of the last', () => {
    mint({ rack: 'b4' })
    enrol()
    mint()
    expect(newest()).toEqual([2, { rack: 'b4' }])
    mint({ zone: 'x' })
    mint()
    expect(newest()).toEqual([2, { rack: 'b4' }])
  })

  it.each<[string, Attributes]>([
    ['a name with capitals', { Rack: 'b4' }],
    ['a value with a line feed', { rack: 'b4\n' }],
    ['too long a value', { rack: 'x'.repeat(201) }],
    ['too many', Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`a${n}`, 'x']))],
  ])('refuses %s, and makes nothing', (_, attributes) => {
    expect(() => mint(attributes)).toThrow('Cannot make a join token: ')
    expect(newest()).toBeUndefined()
  })
})
