/** What the rebuilds need of the rest of the server. */
import type { HealthCheck, Pool } from '../../schemas/generated/types.ts'
import type { Live } from '../live.ts'
import type { MachineDriver } from '../machine/driver.ts'
import type { Db } from '../store/db.ts'
import type { Cron } from './schedule.ts'

/** What rebuilds ask of a machine driver. */
export type RebuildDriver = Omit<MachineDriver, 'name' | 'stop' | 'close'>

export interface RebuildPorts {
  readonly db: Db
  /** Undefined when the server makes no machines; then nothing is rebuilt. */
  readonly driver: RebuildDriver | undefined
  pools(): readonly Pool[]
  /** The pool of a host by the site's rules; undefined when none matches. */
  poolOf(host: string): Pool | undefined
  /** The site's revision for a host; undefined when there is no good one. */
  revisionOf(host: string): string | undefined
  /** Makes a one-use token, `join` for a first machine and `ticket` for a rebuild; older unused ones of the incarnation are void. */
  mint(incarnation: number, kind: 'join' | 'ticket', rebuild: string, ttlMs: number): string
  /** Takes an incarnation's certificates their power and audits it, in the transaction that is open. */
  revoke(incarnation: number, reason: string): void
  /** Closes the connection of an incarnation that lost its certificate; nothing happens when it has none. */
  disconnect(incarnation: number): void
  /** Asks a connected agent for a run; false when it is not connected. */
  requestRun(
    incarnation: number,
    run: { readonly trigger: 'push' | 'prove'; readonly runId: string },
  ): boolean
  isConnected(incarnation: number): boolean
  /** Appends to the audit log, in the transaction that is open if one is. `actor`: `user:<name>`, `policy`, `server`. */
  audit(actor: string, action: string, target: string, detail: string): void
  readonly live: Pick<Live, 'emit'>
  /** Resolves to why the check fails, undefined when it passes; tries until the check's time limit or the signal. */
  checkHealth(address: string, check: HealthCheck, signal: AbortSignal): Promise<string | undefined>
  /** What a new machine's agent must know of this server. */
  agentConnection(): { readonly server: string; readonly caFingerprint: string }
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls `tick` at the times of a cron expression. */
  readonly cron: Cron
  readonly log: { error(fields: object, event: string): void }
}

/** Times in milliseconds. */
export interface RebuildLimits {
  readonly enrolMs: number
  readonly convergeMs: number
  readonly proveMs: number
  /** Life of a ticket. */
  readonly ticketMs: number
  /** A run that was asked for and not reported is asked for again after this. */
  readonly resendMs: number
  /** Runs that may fail before a new machine is given up, besides the last. */
  readonly retries: number
  /** Rebuilds under way at once in the whole fleet. */
  readonly fleetCeiling: number
  /** How long after its start the server takes silence for "not connected yet". */
  readonly settleMs: number
  /** Bytes of evidence that are kept. */
  readonly evidenceBytes: number
  /** Between two looks when nothing wakes the loop. */
  readonly tickMs: number
}

export const defaultLimits: RebuildLimits = {
  enrolMs: 120_000,
  convergeMs: 900_000,
  proveMs: 900_000,
  ticketMs: 900_000,
  resendMs: 120_000,
  retries: 2,
  fleetCeiling: 2,
  settleMs: 60_000,
  evidenceBytes: 65_536,
  tickMs: 5_000,
}
