/** Pure: when the next run is due. All in milliseconds; `random` in [0, 1). */

export interface Interval {
  readonly pollMs: number
  readonly splayMs: number
}

/** How long until the next poll. */
export function pollDelayMs({ pollMs, splayMs }: Interval, random: number): number {
  return Math.round(pollMs + splayMs * random)
}

const firstRetryMs = 15_000

/** How long until a run that failed is tried again: doubling, never later than the poll would be. */
export function retryDelayMs(failures: number, interval: Interval, random: number): number {
  const doubled = firstRetryMs * 2 ** Math.min(failures - 1, 20)
  return Math.min(pollDelayMs(interval, random), Math.round(doubled * (0.75 + random / 2)))
}

/** Several events of one edit come within this time. */
const debounceMs = 100
/** Checks take at most this share of one processor, however busy a watched folder is. */
const checkShare = 0.1
const longestFightMs = 60_000

export interface LastCheck {
  /** How long the last watch-triggered check took. */
  readonly durationMs: number
  /** How long ago it ended. */
  readonly agoMs: number
  /** How many of the last checks in a row had to correct something: somebody else keeps changing it back. */
  readonly corrections: number
}

/** How long to wait with a check after a watch event. The first event after quiet waits only for its companions. */
export function checkDelayMs(last: LastCheck | undefined): number {
  if (last === undefined) return debounceMs
  const rest = (last.durationMs * (1 - checkShare)) / checkShare
  const fight = last.corrections < 3 ? 0 : Math.min(longestFightMs, 1000 * 2 ** (last.corrections - 3))
  return Math.max(debounceMs, Math.round(Math.max(rest, fight) - last.agoMs))
}
