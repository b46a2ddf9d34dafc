export interface BackoffBounds {
  readonly baseMs: number
  readonly maxMs: number
}

/**
 * How long to wait before another try: doubling from `baseMs` up to `maxMs`, the upper half of it random, so that a
 * fleet whose server was away does not come back in one instant.
 *
 * @param attempt failures so far, from 0
 * @param random in [0, 1)
 */
export function backoffMs(attempt: number, random: number, { baseMs, maxMs }: BackoffBounds): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30))
  return Math.round(full / 2 + (full / 2) * random)
}
