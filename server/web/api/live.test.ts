import { expect, it } from 'vitest'
import { retryDelayMs } from './live.ts'

it('retryDelayMs() doubles from half a second to ten, with jitter of at most half', () => {
  expect([0, 1, 2, 3, 4, 5, 20].map((attempt) => retryDelayMs(attempt, 1))).toEqual([
    500, 1000, 2000, 4000, 8000, 10_000, 10_000,
  ])
  expect(retryDelayMs(0, 0)).toBe(250)
})
