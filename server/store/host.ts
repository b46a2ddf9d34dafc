/** Hosts: the names that last. */
import type { RebuildState } from '../rebuild/state.ts'
import type { Db } from './db.ts'
import { allRows, change, getRow } from './statement.ts'

export interface Host {
  readonly name: string
  readonly createdAt: number
  /** Whether a driver of ours makes its machines. */
  readonly managed: boolean
  /** Id of the incarnation in service; null until the first one is. */
  readonly current: number | null
}

interface Row extends Omit<Host, 'managed'> {
  readonly managed: number
}

const columns = 'name, created_at AS createdAt, managed, current'
const toHost = (row: Row): Host => ({ ...row, managed: row.managed === 1 })

/** Makes the host when there is none of that name; one that is there stays as it is. */
export function ensureHost(db: Db, host: { name: string; managed: boolean }, now: number): Host {
  change(
    db,
    'INSERT INTO host (name, created_at, managed) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING',
    host.name,
    now,
    host.managed ? 1 : 0,
  )
  return findHost(db, host.name) ?? { ...host, createdAt: now, current: null }
}

export function findHost(db: Db, name: string): Host | undefined {
  const row = getRow<Row>(db, `SELECT ${columns} FROM host WHERE name = ?`, name)
  return row === undefined ? undefined : toHost(row)
}

export function listHosts(db: Db, limit: number): readonly Host[] {
  return allRows<Row>(db, `SELECT ${columns} FROM host ORDER BY name LIMIT ?`, limit).map(toHost)
}

/** Forgets the host and everything of it (incarnations, certificates, reports, drift, rebuilds). The audit log stays. */
export function deleteHost(db: Db, name: string): boolean {
  change(db, 'DELETE FROM classification WHERE host = ?', name)
  return change(db, 'DELETE FROM host WHERE name = ?', name) > 0
}

/** What a list of hosts shows of one: the incarnation in service, or the newest where none is; its newest real report. */
export interface HostSummary {
  readonly name: string
  readonly managed: boolean
  readonly incarnation: number | null
  readonly incarnationId: number | null
  readonly address: string | null
  readonly enrolledAt: number | null
  readonly revokedAt: number | null
  readonly catalogHash: string | null
  readonly catalogRole: string | null
  readonly catalogEnvironment: string | null
  readonly provedAt: number | null
  readonly provedRevision: string | null
  readonly reportAt: number | null
  readonly reportStatus: string | null
  readonly reportHash: string | null
  readonly reportRevision: string | null
  readonly reportCached: boolean
  readonly openDrift: number
  readonly rebuild: string | null
  readonly rebuildState: RebuildState | null
  /** Whether the rebuild under way makes the host's first machine. */
  readonly rebuildIsFirst: boolean
}

interface SummaryRow extends Omit<HostSummary, 'managed' | 'reportCached' | 'rebuildIsFirst'> {
  readonly managed: number
  readonly reportCached: number | null
  readonly rebuildIsFirst: number | null
}

const summary = `
  SELECT host.name, host.managed, shown.number AS incarnation, shown.id AS incarnationId, shown.address,
    shown.enrolled_at AS enrolledAt, shown.revoked_at AS revokedAt, shown.catalog_hash AS catalogHash,
    shown.catalog_role AS catalogRole, shown.catalog_environment AS catalogEnvironment, shown.proved_at AS provedAt, shown.proved_revision AS provedRevision,
    report.received_at AS reportAt, report.status AS reportStatus, report.catalog_hash AS reportHash,
    report.revision AS reportRevision, report.cached AS reportCached,
    (SELECT count(*) FROM drift WHERE drift.incarnation = shown.id AND drift.ended_at IS NULL) AS openDrift,
    rebuild.id AS rebuild, rebuild.state AS rebuildState,
    rebuild.from_incarnation IS NULL AS rebuildIsFirst
  FROM host
  LEFT JOIN incarnation shown ON shown.id = coalesce(host.current, (
    SELECT id FROM incarnation WHERE incarnation.host = host.name ORDER BY number DESC LIMIT 1))
  LEFT JOIN report ON report.id = shown.report_id
  LEFT JOIN rebuild ON rebuild.host = host.name AND rebuild.ended_at IS NULL`

const toSummary = (row: SummaryRow): HostSummary => ({
  ...row,
  managed: row.managed === 1,
  reportCached: row.reportCached === 1,
  rebuildIsFirst: row.rebuild !== null && row.rebuildIsFirst === 1,
})

export function listHostSummaries(db: Db, limit: number): readonly HostSummary[] {
  return allRows<SummaryRow>(db, `${summary} ORDER BY host.name LIMIT ?`, limit).map(toSummary)
}

export function findHostSummary(db: Db, name: string): HostSummary | undefined {
  const row = getRow<SummaryRow>(db, `${summary} WHERE host.name = ?`, name)
  return row === undefined ? undefined : toSummary(row)
}
