import { expect, it } from 'vitest'
import type { AuditAct } from './act.ts'
import { createCollapser } from './collapse.ts'

const act = (detail: string): AuditAct => ({
  actor: '192.0.2.9',
  action: 'enrol.refused',
  target: 'enrolment',
  detail,
})

it('createCollapser() writes the first of equal refusals and counts the others of its window', () => {
  const collapser = createCollapser({ windowMs: 100, kinds: 10 })
  expect([0, 1, 99].map((now) => collapser.admit(act('a'), now))).toEqual([true, false, false])
  expect(collapser.admit(act('b'), 99)).toBe(true)
  expect(collapser.due(99)).toEqual([])
  expect(collapser.due(100)).toEqual([{ act: act('a'), count: 2 }])
  expect(collapser.due(1000)).toEqual([])
  expect(collapser.admit(act('a'), 1000)).toBe(true)
})

it('createCollapser() counts together what are too many kinds', () => {
  const collapser = createCollapser({ windowMs: 100, kinds: 3 })
  const admitted = Array.from({ length: 50 }, (_, index) => collapser.admit(act(`kind ${index}`), 0))
  expect(admitted.filter(Boolean)).toHaveLength(3)
  expect(collapser.due(100)).toMatchObject([{ act: { action: 'flood.refused' }, count: 47 }])
})
