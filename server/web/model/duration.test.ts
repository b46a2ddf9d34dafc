import { describe, expect, it } from 'vitest'
import { renderAge, renderClock, renderDuration, renderElapsed, renderExact } from './duration.ts'

describe('renderDuration()', () => {
  it.each([
    [0, '0 ms'],
    [-5, '0 ms'],
    [339.6, '340 ms'],
    [1000, '1.0 s'],
    [59_940, '59.9 s'],
    [59_960, '1 min 00 s'],
    [125_000, '2 min 05 s'],
    [3_600_000, '1 h 00 min'],
    [11_520_000, '3 h 12 min'],
    [183_600_000, '2 d 3 h'],
  ])('writes %d ms as "%s"', (ms, text) => {
    expect(renderDuration(ms)).toBe(text)
  })
})

it.each([
  [-500, '0 s'],
  [4999, '4 s'],
  [61_900, '1 min 01 s'],
])('renderElapsed() writes %d ms as "%s"', (ms, text) => {
  expect(renderElapsed(ms)).toBe(text)
})

describe('renderAge()', () => {
  const now = Date.parse('2026-08-01T12:00:00.000Z')
  it.each([
    ['2026-08-01T12:00:05.000Z', 'now'],
    ['2026-08-01T11:59:59.500Z', 'now'],
    ['2026-08-01T11:59:57.000Z', '3 s ago'],
    ['2026-08-01T11:58:00.000Z', '2 min ago'],
    ['2026-07-31T00:00:00.000Z', '36 h ago'],
    ['2026-07-30T00:00:00.000Z', '2 d ago'],
  ])('of %s is "%s"', (iso, text) => {
    expect(renderAge(iso, now)).toBe(text)
  })
})

it('renderExact() and renderClock() are in UTC wherever the reader is', () => {
  expect(renderExact('2026-08-01T14:03:04.120+02:00')).toBe('2026-08-01 12:03:04.120 UTC')
  expect(renderClock(Date.parse('2026-08-01T12:03:04.900Z'))).toBe('12:03:04')
})
