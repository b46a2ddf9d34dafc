/** What a step of a rebuild sees, and how it may end. */
import { RekindleError } from '../../schemas/errors.ts'
import { findIncarnation, type Incarnation } from '../store/incarnation.ts'
import type { Rebuild, RebuildChange } from '../store/rebuild.ts'
import type { RebuildDriver, RebuildLimits, RebuildPorts } from './ports.ts'

export interface Scene {
  readonly ports: RebuildPorts
  readonly driver: RebuildDriver
  readonly limits: RebuildLimits
  readonly row: Rebuild
  /** When its time limit began: with the step, or with this server, which cannot blame anyone for its own absence. */
  readonly since: number
  /** When this server started. */
  readonly startedAt: number
  /** Runs that this server asked for, by rebuild. */
  readonly asked: Map<string, AskedRun>
  /** Whether the rebuild still is where `row` has it. */
  isCurrent(): boolean
  /** Ends waits inside a step when the server stops. */
  readonly signal: AbortSignal
}

export interface AskedRun {
  readonly runId: string
  readonly at: number
}

/** How a step ended. `also` becomes true in the transaction of the move. */
export type StepEnd =
  | {
      readonly end: 'done'
      readonly detail: string
      readonly fields?: RebuildChange
      readonly also?: () => void
    }
  | { readonly end: 'failed'; readonly why: string }
  /** Something must happen first. `why` only where a person should know of it. */
  | { readonly end: 'wait'; readonly why: string | null }
  /** Look again at once, after these fields are stored. */
  | { readonly end: 'again'; readonly fields: RebuildChange }
  /** A cancelled rebuild has left nothing behind. */
  | { readonly end: 'ended'; readonly detail: string }

/**
 * The incarnation that comes.
 *
 * @throws RekindleError when it may not go on: revoked or ended behind the rebuild's back.
 */
export function comingOf({ ports, row }: Scene): Incarnation {
  const coming = row.to === null ? undefined : findIncarnation(ports.db, row.to)
  if (coming === undefined || coming.state === 'gone' || coming.revokedAt !== null) {
    throw new RekindleError({
      code: 'rebuild-refused',
      message: `Cannot go on with ${coming?.machine ?? 'the new machine'}: ${coming === undefined ? 'it is forgotten' : 'it was revoked'}`,
    })
  }
  return coming
}

/** The incarnation that goes; undefined when the host had none. */
export function goingOf({ ports, row }: Scene): Incarnation | undefined {
  return row.from === null ? undefined : findIncarnation(ports.db, row.from)
}
