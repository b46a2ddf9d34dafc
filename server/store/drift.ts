/** Drift: one row for each stretch of time in which one resource of one incarnation was off. */
import type { Change } from '../../schemas/generated/types.ts'
import type { DriftRow } from '../http/view.ts'
import type { Db } from './db.ts'
import { allRows, change, getRow } from './statement.ts'

/** Drift that has not ended. */
export interface OpenDrift {
  readonly id: number
  /** Id of the resource, such as `file:/etc/motd`. */
  readonly resource: string
  /** `path:line` of its declaration. */
  readonly where: string
  readonly changes: readonly Change[]
  readonly seenAt: number
}

export interface NewDrift extends Omit<OpenDrift, 'id' | 'seenAt'> {
  readonly incarnation: number
  readonly host: string
  /** Id of the report that showed it. */
  readonly report: string
}

interface OpenRow extends Omit<OpenDrift, 'changes'> {
  readonly changes: string
}

// The column is written by this file alone, from reports that passed protocol/report.
const parseChanges = (text: string): readonly Change[] => JSON.parse(text) as Change[]

/** By resource. */
export function listOpenDrift(db: Db, incarnation: number): readonly OpenDrift[] {
  return allRows<OpenRow>(
    db,
    `SELECT id, resource, declared_at AS "where", changes, seen_at AS seenAt FROM drift
     WHERE incarnation = ? AND ended_at IS NULL ORDER BY resource`,
    incarnation,
  ).map((row) => ({ ...row, changes: parseChanges(row.changes) }))
}

/** @returns its id. */
export function openDrift(db: Db, drift: NewDrift, now: number): number {
  const row = getRow<{ id: number }>(
    db,
    `INSERT INTO drift (incarnation, host, resource, declared_at, changes, seen_at, report)
     VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`,
    drift.incarnation,
    drift.host,
    drift.resource,
    drift.where,
    JSON.stringify(drift.changes),
    now,
    drift.report,
  )
  return row?.id ?? 0
}

/** What an open row shows, as a newer report has it. */
export function updateDrift(
  db: Db,
  id: number,
  shown: { readonly changes: readonly Change[]; readonly report: string },
): void {
  change(
    db,
    'UPDATE drift SET changes = ?, report = ? WHERE id = ? AND ended_at IS NULL',
    JSON.stringify(shown.changes),
    shown.report,
    id,
  )
}

export function closeDrift(db: Db, id: number, now: number): void {
  change(
    db,
    "UPDATE drift SET ended_at = ?, ended_by = 'corrected' WHERE id = ? AND ended_at IS NULL",
    now,
    id,
  )
}

/** Ends all that is open of an incarnation that is gone. */
export function endDriftOfIncarnation(db: Db, incarnation: number, now: number): number {
  return change(
    db,
    "UPDATE drift SET ended_at = ?, ended_by = 'rebuilt' WHERE incarnation = ? AND ended_at IS NULL",
    now,
    incarnation,
  )
}

interface ViewRow {
  readonly id: number
  readonly host: string
  readonly incarnation: number
  readonly resource: string
  readonly where: string
  readonly changes: string
  readonly seenAt: number
  readonly endedAt: number | null
  readonly endedBy: 'corrected' | 'rebuilt' | null
  readonly report: string
}

/** Which rows: of one host, and open or ended ones; all where a field is absent. */
export interface DriftFilter {
  readonly host?: string | undefined
  readonly open?: boolean | undefined
  readonly limit: number
}

/** Drift as the API shows it, newest first. */
export function driftRows(db: Db, filter: DriftFilter): readonly DriftRow[] {
  const open = filter.open === undefined ? null : filter.open ? 1 : 0
  const host = filter.host ?? null
  return allRows<ViewRow>(
    db,
    `SELECT drift.id, drift.host, incarnation.number AS incarnation, resource, declared_at AS "where", changes,
       seen_at AS seenAt, ended_at AS endedAt, ended_by AS endedBy, report
     FROM drift JOIN incarnation ON incarnation.id = drift.incarnation
     WHERE (? IS NULL OR drift.host = ?) AND (? IS NULL OR (ended_at IS NULL) = ?)
     ORDER BY seen_at DESC, drift.id DESC LIMIT ?`,
    host,
    host,
    open,
    open,
    filter.limit,
  ).map((row) => ({
    ...row,
    changes: parseChanges(row.changes),
    seenAt: new Date(row.seenAt).toISOString(),
    endedAt: row.endedAt === null ? null : new Date(row.endedAt).toISOString(),
  }))
}
