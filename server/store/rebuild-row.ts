/** Rebuilds as the API shows them. */
import type { RebuildRow, RebuildStepRow, RebuildView } from '../http/view.ts'
import type { RebuildState } from '../rebuild/state.ts'
import { commitOf } from './commit-row.ts'
import type { Db } from './db.ts'
import type { Rebuild } from './rebuild.ts'
import { allRows, getRow } from './statement.ts'

interface Row
  extends Pick<
    Rebuild,
    | 'id'
    | 'host'
    | 'order'
    | 'state'
    | 'reason'
    | 'requestedBy'
    | 'requestedAt'
    | 'endedAt'
    | 'revision'
    | 'waiting'
  > {
  readonly fromIncarnation: number | null
  readonly toIncarnation: number | null
  readonly environment: string | null
}

interface StepRow {
  readonly state: RebuildState
  readonly startedAt: number
  readonly endedAt: number | null
  readonly detail: string | null
}

const select = `SELECT rebuild.id, rebuild.host, rebuild.order_ AS "order", rebuild.state, rebuild.reason,
    rebuild.requested_by AS requestedBy, rebuild.requested_at AS requestedAt, rebuild.ended_at AS endedAt,
    rebuild.revision, rebuild.waiting, old.number AS fromIncarnation, new.number AS toIncarnation,
    coalesce(new.catalog_environment, old.catalog_environment) AS environment
  FROM rebuild
  LEFT JOIN incarnation old ON old.id = rebuild.from_incarnation
  LEFT JOIN incarnation new ON new.id = rebuild.to_incarnation`

/** Which rebuilds: of one host, and open (held ones included) or ended; all where a field is absent. */
export interface RebuildFilter {
  readonly host?: string | undefined
  readonly open?: boolean | undefined
  readonly limit: number
}

/** Newest first. `now`: milliseconds since the epoch, for what is under way. */
export function rebuildRows(db: Db, filter: RebuildFilter, now: number): readonly RebuildRow[] {
  const host = filter.host ?? null
  const open = filter.open === undefined ? null : filter.open ? 1 : 0
  return allRows<Row>(
    db,
    `${select} WHERE (? IS NULL OR rebuild.host = ?) AND (? IS NULL OR (rebuild.ended_at IS NULL) = ?)
     ORDER BY rebuild.requested_at DESC, rebuild.rowid DESC LIMIT ?`,
    host,
    host,
    open,
    open,
    filter.limit,
  ).map((row) => toView(db, row, now))
}

export function rebuildView(db: Db, id: string, now: number): RebuildView | undefined {
  const row = getRow<Row>(db, `${select} WHERE rebuild.id = ?`, id)
  if (row === undefined) return undefined
  const kept = getRow<{ evidence: string | null }>(db, 'SELECT evidence FROM rebuild WHERE id = ?', id)
  return { ...toView(db, row, now), evidence: kept?.evidence ?? null }
}

function toView(db: Db, row: Row, now: number): RebuildRow {
  const { requestedAt, endedAt, environment, ...rest } = row
  return {
    ...rest,
    commit: commitOf(db, row.revision, { at: endedAt ?? now, environment }),
    requestedAt: new Date(requestedAt).toISOString(),
    endedAt: endedAt === null ? null : new Date(endedAt).toISOString(),
    elapsedMs: Math.max(0, (endedAt ?? now) - requestedAt),
    steps: allRows<StepRow>(
      db,
      `SELECT state, started_at AS startedAt, ended_at AS endedAt, detail FROM rebuild_step
       WHERE rebuild = ? ORDER BY seq`,
      row.id,
    ).map(toStep),
  }
}

function toStep({ state, startedAt, endedAt, detail }: StepRow): RebuildStepRow {
  return {
    state,
    startedAt: new Date(startedAt).toISOString(),
    durationMs: endedAt === null ? null : Math.max(0, endedAt - startedAt),
    detail,
  }
}
