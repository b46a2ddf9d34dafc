import { expect, it } from 'vitest'
import { checkDelayMs, pollDelayMs, retryDelayMs } from './schedule.ts'

const interval = { pollMs: 1_800_000, splayMs: 60_000 }

it('pollDelayMs() adds at most the splay', () => {
  expect([0, 0.5].map((random) => pollDelayMs(interval, random))).toEqual([1_800_000, 1_830_000])
})

it('retryDelayMs() doubles, and never waits longer than the poll', () => {
  expect([1, 2, 3, 50].map((failures) => retryDelayMs(failures, interval, 0.5))).toEqual([
    15_000, 30_000, 60_000, 1_830_000,
  ])
})

it.each([
  ['the first event after quiet waits for its companions only', undefined, 100],
  ['a check that took 5 ms may come again at once', { durationMs: 5, agoMs: 0, corrections: 0 }, 100],
  ['a check that took 50 ms rests for nine times that', { durationMs: 50, agoMs: 0, corrections: 0 }, 450],
  ['the rest counts from the end of the last check', { durationMs: 50, agoMs: 400, corrections: 0 }, 100],
  ['a long quiet pays it all', { durationMs: 500, agoMs: 60_000, corrections: 9 }, 100],
  [
    'somebody who changes it back again and again is met less often',
    { durationMs: 5, agoMs: 0, corrections: 6 },
    8000,
  ],
  ['but at least once a minute', { durationMs: 5, agoMs: 0, corrections: 500 }, 60_000],
])('checkDelayMs(): %s', (_, last, wanted) => {
  expect(checkDelayMs(last)).toBe(wanted)
})
