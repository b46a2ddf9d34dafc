/**
 * Turns reports into stretches of drift. Runs inside the transaction that stores the report, so that a report that was
 * acknowledged and the drift that it shows are never apart.
 */
import type { Report, ResourceOutcome } from '../../schemas/generated/types.ts'
import type { Db } from '../store/db.ts'
import { closeDrift, listOpenDrift, type OpenDrift, openDrift, updateDrift } from '../store/drift.ts'

export interface ReportedDrift {
  readonly incarnation: number
  readonly host: string
  readonly report: Report
}

/** What a report opened and closed, as resource ids. Drift that the agent corrected in the same run is in both. */
export interface DriftRecord {
  readonly opened: readonly string[]
  readonly closed: readonly string[]
  /** Open rows whose differences are others now. */
  readonly updated: readonly string[]
}

/**
 * Opens a row for each resource that drifted, and closes those that a later report shows as wanted again.
 *
 * A report lists only what is off, so absence from it means "in sync"; but only a whole run may say so: a no-op run, a
 * run by tag and a run that ended early close nothing by absence.
 */
export function recordDrift(db: Db, reported: ReportedDrift, now: number): DriftRecord {
  const open = new Map(listOpenDrift(db, reported.incarnation).map((row) => [row.resource, row]))
  const outcomes = new Map(reported.report.resources.map((outcome) => [outcome.id, outcome]))
  const opened: string[] = []
  const closed: string[] = []
  const updated: string[] = []

  for (const outcome of outcomes.values()) {
    if (!isDrift(outcome)) continue
    const row = open.get(outcome.id)
    const id = row?.id ?? openDrift(db, toDrift(reported, outcome), now)
    if (row === undefined) opened.push(outcome.id)
    else if (differs(row, outcome)) {
      updateDrift(db, id, { changes: outcome.changes, report: reported.report.id })
      updated.push(outcome.id)
    }
    if (outcome.outcome === 'changed') {
      closeDrift(db, id, now)
      closed.push(outcome.id)
    }
  }
  for (const row of open.values()) {
    if (closed.includes(row.resource) || !isAsWanted(reported.report, outcomes.get(row.resource))) continue
    closeDrift(db, row.id, now)
    closed.push(row.resource)
  }
  return { opened, closed, updated }
}

/** What is only audited is told in the report, and is no reason to correct or rebuild. */
function isDrift({ cause, changes, audited = [] }: ResourceOutcome): boolean {
  return cause === 'drift' && !(changes.length > 0 && audited.length === changes.length)
}

function toDrift({ incarnation, host, report }: ReportedDrift, outcome: ResourceOutcome) {
  return {
    incarnation,
    host,
    resource: outcome.id,
    where: outcome.where,
    changes: outcome.changes,
    report: report.id,
  }
}

/** A resource that could not be looked at this time (skipped, failed) says nothing new of what differs. */
function differs(row: OpenDrift, outcome: ResourceOutcome): boolean {
  return outcome.changes.length > 0 && JSON.stringify(row.changes) !== JSON.stringify(outcome.changes)
}

function isAsWanted(report: Report, outcome: ResourceOutcome | undefined): boolean {
  if (report.noop) return false
  if (outcome === undefined) return report.error === undefined && report.selection === undefined
  return outcome.outcome === 'in-sync' || outcome.outcome === 'changed'
}
