/** Counts events by key in windows of time: for refused logins and enrolments. Pure state, bounded. */
import { RekindleError } from '../../schemas/errors.ts'

export interface RateLimit {
  /** @throws RekindleError `rate-limited` when the key has had its share. */
  check(key: string, now: number): void
  /** Counts one. */
  count(key: string, now: number): void
  /** Takes one back: it turned out to be none of those that count. */
  forgive(key: string): void
}

const maxKeys = 10_000

/** @example createRateLimit({ limit: 10, windowMs: 60_000, what: 'refused logins' }) */
export function createRateLimit(settings: {
  readonly limit: number
  readonly windowMs: number
  readonly what: string
}): RateLimit {
  const windows = new Map<string, { until: number; count: number }>()
  return {
    check(key, now) {
      const open = windows.get(key)
      if (open === undefined || open.until <= now || open.count < settings.limit) return
      throw new RekindleError({
        code: 'rate-limited',
        message: `Cannot go on: more than ${settings.limit} ${settings.what} from ${key}`,
        hint: `Wait ${Math.ceil((open.until - now) / 1000)} seconds`,
      })
    },
    count(key, now) {
      const open = windows.get(key)
      if (open !== undefined && open.until > now) {
        open.count += 1
        return
      }
      windows.delete(key)
      if (windows.size >= maxKeys) dropEnded(windows, now)
      windows.set(key, { until: now + settings.windowMs, count: 1 })
    },
    forgive(key) {
      const open = windows.get(key)
      if (open !== undefined) open.count -= 1
    },
  }
}

/** Ended windows first; where none has ended, the oldest: a flood from many addresses must not take the memory. */
function dropEnded(windows: Map<string, { until: number }>, now: number): void {
  for (const [key, { until }] of windows) if (until <= now) windows.delete(key)
  const oldest = windows.keys().next()
  if (windows.size >= maxKeys && oldest.done !== true) windows.delete(oldest.value)
}
