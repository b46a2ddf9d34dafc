/** Rebuilds and their steps; and what the rails must know of the fleet. The rules are in server/rebuild. */
import type { RebuildOrder, RebuildState } from '../rebuild/state.ts'
import type { Db } from './db.ts'
import { allRows, change, getRow } from './statement.ts'

/** Times in milliseconds since the epoch; incarnations by id. */
export interface Rebuild {
  readonly id: string
  readonly host: string
  readonly order: RebuildOrder
  readonly state: RebuildState
  /** The state in which it failed; null unless held. */
  readonly heldFrom: RebuildState | null
  readonly reason: string
  readonly causeKey: string
  /** `user:<name>`, `policy` or `schedule`. */
  readonly requestedBy: string
  readonly requestedAt: number
  readonly endedAt: number | null
  /** The incarnation that goes; null when the host had none. */
  readonly from: number | null
  /** The incarnation that comes; null until `creating`. */
  readonly to: number | null
  /** The site's revision at admission; from `proving` on the one that was proved. */
  readonly revision: string | null
  /** Of the run that it waits for. */
  readonly runId: string | null
  /** Why it does not go on; null while it moves. */
  readonly waiting: string | null
}

const columns = `id, host, order_ AS "order", state, held_from AS heldFrom, reason, cause_key AS causeKey,
  requested_by AS requestedBy, requested_at AS requestedAt, ended_at AS endedAt, from_incarnation AS "from",
  to_incarnation AS "to", revision, run_id AS runId, waiting`

export type NewRebuild = Pick<
  Rebuild,
  'id' | 'host' | 'order' | 'reason' | 'causeKey' | 'requestedBy' | 'requestedAt' | 'from'
>

export function insertRebuild(db: Db, rebuild: NewRebuild): void {
  change(
    db,
    `INSERT INTO rebuild (id, host, order_, state, reason, cause_key, requested_by, requested_at, from_incarnation)
     VALUES (?, ?, ?, 'requested', ?, ?, ?, ?, ?)`,
    rebuild.id,
    rebuild.host,
    rebuild.order,
    rebuild.reason,
    rebuild.causeKey,
    rebuild.requestedBy,
    rebuild.requestedAt,
    rebuild.from,
  )
  startStep(db, rebuild.id, { state: 'requested', now: rebuild.requestedAt, ended: false })
}

export function findRebuild(db: Db, id: string): Rebuild | undefined {
  return getRow(db, `SELECT ${columns} FROM rebuild WHERE id = ?`, id)
}

/** The rebuild of a host that has not ended, held ones included. */
export function openRebuildOf(db: Db, host: string): Rebuild | undefined {
  return getRow(db, `SELECT ${columns} FROM rebuild WHERE host = ? AND ended_at IS NULL`, host)
}

/** All that have not ended, the oldest first. */
export function listOpenRebuilds(db: Db): readonly Rebuild[] {
  return allRows(db, `SELECT ${columns} FROM rebuild WHERE ended_at IS NULL ORDER BY requested_at, rowid`)
}

export function wasActedOn(db: Db, causeKey: string): boolean {
  return getRow(db, 'SELECT 1 FROM rebuild WHERE cause_key = ? LIMIT 1', causeKey) !== undefined
}

/** When the host's last rebuild ended that got as far as to make a machine. */
export function lastRebuildEnd(db: Db, host: string): number | null {
  const row = getRow<{ endedAt: number | null }>(
    db,
    'SELECT max(ended_at) AS endedAt FROM rebuild WHERE host = ? AND to_incarnation IS NOT NULL',
    host,
  )
  return row?.endedAt ?? null
}

export type RebuildChange = Partial<
  Pick<
    Rebuild,
    | 'state'
    | 'heldFrom'
    | 'endedAt'
    | 'to'
    | 'revision'
    | 'runId'
    | 'waiting'
    | 'reason'
    | 'causeKey'
    | 'requestedBy'
  > & { readonly evidence: string }
>

/** Writes the fields that are given. */
export function updateRebuild(db: Db, id: string, fields: RebuildChange): void {
  const entries = Object.entries(fields).flatMap(([field, value]) =>
    value === undefined ? [] : [{ column: changeable[field as keyof RebuildChange], value }],
  )
  if (entries.length === 0) return
  const assignments = entries.map(({ column }) => `${column} = ?`).join(', ')
  change(db, `UPDATE rebuild SET ${assignments} WHERE id = ?`, ...entries.map(({ value }) => value), id)
}

const changeable: Record<keyof RebuildChange, string> = {
  state: 'state',
  heldFrom: 'held_from',
  endedAt: 'ended_at',
  to: 'to_incarnation',
  revision: 'revision',
  runId: 'run_id',
  waiting: 'waiting',
  reason: 'reason',
  causeKey: 'cause_key',
  requestedBy: 'requested_by',
  evidence: 'evidence',
}

/** Begins a step; one that is the end is over at once. */
export function startStep(
  db: Db,
  rebuild: string,
  step: {
    readonly state: RebuildState
    readonly now: number
    readonly ended: boolean
    readonly detail?: string
  },
): void {
  change(
    db,
    `INSERT INTO rebuild_step (rebuild, seq, state, started_at, ended_at, detail)
     SELECT ?, coalesce(max(seq), 0) + 1, ?, ?, ?, ? FROM rebuild_step WHERE rebuild = ?`,
    rebuild,
    step.state,
    step.now,
    step.ended ? step.now : null,
    step.detail ?? null,
    rebuild,
  )
}

/** Ends the step under way. */
export function endStep(db: Db, rebuild: string, detail: string | null, now: number): void {
  change(
    db,
    'UPDATE rebuild_step SET ended_at = ?, detail = coalesce(?, detail) WHERE rebuild = ? AND ended_at IS NULL',
    now,
    detail,
    rebuild,
  )
}

/** When the step under way began. */
export function stepStartedAt(db: Db, rebuild: string): number {
  const row = getRow<{ startedAt: number }>(
    db,
    'SELECT started_at AS startedAt FROM rebuild_step WHERE rebuild = ? ORDER BY seq DESC LIMIT 1',
    rebuild,
  )
  return row?.startedAt ?? 0
}

/** A run of an incarnation, as its report tells it. */
export interface RunResult {
  readonly report: string
  readonly status: string
  readonly runId: string | null
  readonly catalogHash: string | null
  readonly revision: string | null
  readonly cached: boolean
}

/** Real runs (no no-ops) of the incarnation, the oldest first. */
export function listRuns(db: Db, incarnation: number): readonly RunResult[] {
  return allRows<Omit<RunResult, 'cached'> & { cached: number }>(
    db,
    `SELECT id AS report, status, run_id AS runId, catalog_hash AS catalogHash, revision, cached FROM report
     WHERE incarnation = ? AND noop = 0 ORDER BY received_at, rowid LIMIT 1000`,
    incarnation,
  ).map((row) => ({ ...row, cached: row.cached === 1 }))
}

/** Whether a ticket of the incarnation can still be used. */
export function hasTicket(db: Db, incarnation: number, now: number): boolean {
  return (
    getRow(
      db,
      'SELECT 1 FROM token WHERE incarnation = ? AND used_at IS NULL AND expires_at > ? LIMIT 1',
      incarnation,
      now,
    ) !== undefined
  )
}

/** What tells whether a host is healthy. */
export interface HostLife {
  readonly host: string
  readonly managed: boolean
  /** Id of the current incarnation; null where there is none. */
  readonly incarnation: number | null
  /** When its current incarnation was made. */
  readonly bornAt: number | null
  readonly revokedAt: number | null
  readonly convergedAt: number | null
  /** Status of its newest real report. */
  readonly reportStatus: string | null
}

export function listHostLives(db: Db): readonly HostLife[] {
  return allRows<Omit<HostLife, 'managed'> & { managed: number }>(
    db,
    `SELECT host.name AS host, host.managed, incarnation.id AS incarnation, incarnation.created_at AS bornAt,
       incarnation.revoked_at AS revokedAt, incarnation.converged_at AS convergedAt, report.status AS reportStatus
     FROM host
     LEFT JOIN incarnation ON incarnation.id = host.current
     LEFT JOIN report ON report.id = incarnation.report_id
     ORDER BY host.name`,
  ).map((row) => ({ ...row, managed: row.managed === 1 }))
}

/** Whether the database ever knew a machine; a new or lost one did not. */
export function knowsMachines(db: Db): boolean {
  return getRow(db, 'SELECT 1 FROM incarnation LIMIT 1') !== undefined
}
