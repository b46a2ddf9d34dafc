import { describe, expect, it } from 'vitest'
import { next, type Position, type RebuildEvent } from './next.ts'
import { type RebuildOrder, type RebuildState, rebuildOrders } from './state.ts'

const at = (order: RebuildOrder, state: RebuildState, heldFrom: RebuildState | null = null): Position => ({
  order,
  state,
  heldFrom,
})

describe.each(Object.keys(rebuildOrders) as RebuildOrder[])('next() in the order %s', (order) => {
  const states = rebuildOrders[order]

  it('walks the whole order with "done"', () => {
    const walked: RebuildState[] = ['requested']
    let position = at(order, 'requested')
    while (position.state !== 'in-service') {
      position = next(position, 'done')
      walked.push(position.state)
    }
    expect(walked).toEqual(states)
  })

  it.each(states.slice(0, -1))('holds a failure in %s and remembers where', (state) => {
    expect(next(at(order, state), 'failed')).toEqual(at(order, 'held', state))
  })

  it.each([
    ['requested', 'requested'],
    ['admitted', 'admitted'],
    ['creating', 'creating'],
    ['enrolling', 'creating'],
    ['converging', 'creating'],
    ['proving', 'creating'],
    ['draining', 'draining'],
    ['evidence', 'evidence'],
    ['destroying', 'destroying'],
  ] as const)('resumes what was held in %s at %s', (heldFrom, state) => {
    expect(next(at(order, 'held', heldFrom), 'resume')).toEqual(at(order, state))
  })

  it.each(states.filter((state) => state !== 'destroying' && state !== 'in-service'))(
    'cancels from %s, and when held there',
    (state) => {
      expect(next(at(order, state), 'cancel')).toEqual(at(order, 'cancelled'))
      expect(next(at(order, 'held', state), 'cancel')).toEqual(at(order, 'cancelled'))
    },
  )

  it.each<[RebuildEvent, RebuildState, RebuildState | null]>([
    ['done', 'held', 'creating'],
    ['done', 'in-service', null],
    ['done', 'cancelled', null],
    ['failed', 'held', 'creating'],
    ['failed', 'in-service', null],
    ['failed', 'cancelled', null],
    ['resume', 'creating', null],
    ['resume', 'in-service', null],
    ['resume', 'cancelled', null],
    ['cancel', 'in-service', null],
    ['cancel', 'cancelled', null],
    ['cancel', 'destroying', null],
    ['cancel', 'held', 'destroying'],
  ])('throws on "%s" in %s (held from %s)', (event, state, heldFrom) => {
    expect(() => next(at(order, state, heldFrom), event)).toThrow(/^Cannot /)
  })
})
