/** Reports: stored once by their id; the newest one is the incarnation's state. */
import type { Report } from '../../schemas/generated/types.ts'
import type { Db } from './db.ts'
import { allRows, change, getRow, transact } from './statement.ts'

export interface StoredReport {
  readonly id: string
  readonly incarnation: number
  readonly number: number
  readonly host: string
  readonly receivedAt: number
  readonly durationMs: number
  /** That its incarnation was handed a catalog of last; null before. */
  readonly environment: string | null
  readonly report: Report
}

interface Row extends Omit<StoredReport, 'report'> {
  readonly body: string
}

const select = `SELECT report.id, report.incarnation, incarnation.number, report.host,
  report.received_at AS receivedAt, report.duration_ms AS durationMs,
  incarnation.catalog_environment AS environment, report.body
  FROM report JOIN incarnation ON incarnation.id = report.incarnation`

// The body passed protocol/report before it was stored.
const toReport = ({ body, ...row }: Row): StoredReport => ({ ...row, report: JSON.parse(body) as Report })

/** `stored`: new. `known`: the same incarnation sent it before. `foreign`: another incarnation's report has that id. */
export type SavedReport = 'stored' | 'known' | 'foreign'

/** Stores a report that protocol/report accepted, and moves the incarnation's newest state, in one transaction. */
export function saveReport(db: Db, incarnation: number, report: Report, now: number): SavedReport {
  return transact(db, () => {
    const owner = getRow<{ incarnation: number }>(
      db,
      'SELECT incarnation FROM report WHERE id = ?',
      report.id,
    )
    if (owner !== undefined) return owner.incarnation === incarnation ? 'known' : 'foreign'
    insertReport(db, incarnation, report, now)
    // A no-op run, or one for a part of the catalog, is no word on the host.
    if (!report.noop && report.selection === undefined) saveNewest(db, incarnation, report, now)
    return 'stored'
  })
}

function insertReport(db: Db, incarnation: number, report: Report, now: number): void {
  change(
    db,
    `INSERT INTO report (id, incarnation, host, received_at, status, run_trigger, run_id, catalog_hash, revision,
       noop, cached, duration_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    report.id,
    incarnation,
    report.host,
    now,
    report.status,
    report.trigger,
    report.runId ?? null,
    report.catalogHash ?? null,
    report.revision ?? null,
    report.noop ? 1 : 0,
    report.cached ? 1 : 0,
    durationMs(report),
    JSON.stringify(report),
  )
}

/** By the agent's clock, which may have been set back in between. */
function durationMs(report: Report): number {
  const ms = Date.parse(report.finishedAt) - Date.parse(report.startedAt)
  return Number.isFinite(ms) ? Math.max(0, ms) : 0
}

function saveNewest(db: Db, incarnation: number, report: Report, now: number): void {
  change(db, 'UPDATE incarnation SET report_id = ?, report_at = ? WHERE id = ?', report.id, now, incarnation)
  if (report.status === 'in-sync' || report.status === 'changed') {
    change(
      db,
      'UPDATE incarnation SET converged_at = coalesce(converged_at, ?) WHERE id = ?',
      now,
      incarnation,
    )
  }
}

export function findReport(db: Db, id: string): StoredReport | undefined {
  const row = getRow<Row>(db, `${select} WHERE report.id = ?`, id)
  return row === undefined ? undefined : toReport(row)
}

/** Newest first. */
export function listReports(db: Db, host: string, limit: number): readonly StoredReport[] {
  return allRows<Row>(
    db,
    `${select} WHERE report.host = ? ORDER BY report.received_at DESC, report.rowid DESC LIMIT ?`,
    host,
    limit,
  ).map(toReport)
}

/** Removes reports received before `olderThan`; the newest one of each incarnation, and what drift refers to, stay. */
export function pruneReports(db: Db, olderThan: number): number {
  return change(
    db,
    `DELETE FROM report WHERE received_at < ?
       AND id NOT IN (SELECT report_id FROM incarnation WHERE report_id IS NOT NULL)
       AND id NOT IN (SELECT report FROM drift)`,
    olderThan,
  )
}
