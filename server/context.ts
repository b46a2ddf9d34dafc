/** What every part of the server is handed: the store, the clock, randomness, the log and the live events. */
import type { Logger } from 'pino'
import type { Live } from './live.ts'
import type { Db } from './store/db.ts'

export interface Context {
  readonly db: Db
  readonly log: Logger
  readonly live: Live
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** That many random bytes, fit for secrets. */
  readonly random: (bytes: number) => Buffer
}
