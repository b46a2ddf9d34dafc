import { expect, it } from 'vitest'
import { backoffMs } from './backoff.ts'

const bounds = { baseMs: 1000, maxMs: 60_000 }

it.each([
  [0, 0, 500],
  [0, 0.999, 1000],
  [3, 0.5, 6000],
  [9, 0, 30_000],
  [10_000, 0.999, 59_970],
])(
  'backoffMs() doubles up to its limit, half of it random (attempt %i, random %d)',
  (attempt, random, wanted) => {
    expect(backoffMs(attempt, random, bounds)).toBe(wanted)
  },
)
