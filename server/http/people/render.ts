/** Rows of the store as the bodies of view.ts. Pure. */
import { roleName } from '../../../schemas/host-rule.ts'
import type { AuditEntry } from '../../audit/chain.ts'
import type { Placement } from '../../site/placement.ts'
import type { HostSummary } from '../../store/host.ts'
import type { Incarnation } from '../../store/incarnation.ts'
import type { StoredReport } from '../../store/report.ts'
import { hostStatus } from '../host-status.ts'
import type { AuditRow, CommitView, HostRow, IncarnationRow, ReportRow } from '../view.ts'

/** What a host's row needs besides the store. */
export interface RenderContext {
  readonly isConnected: (incarnation: number) => boolean
  readonly placeOf: (host: string) => Placement
  /** Revision that an environment is served. */
  readonly revisionOf: (environment: string) => string | null
  /** As people know an environment; null where there is only one. */
  readonly nameOf: (environment: string) => string | null
  readonly pollMs: number
  readonly now: number
}

export function renderHost(host: HostSummary, context: RenderContext): HostRow {
  const { environment, rule, pool } = context.placeOf(host.name)
  const revision = context.revisionOf(environment)
  return {
    name: host.name,
    role: host.catalogRole ?? (rule ? roleName(rule.roles) : ''),
    environment: context.nameOf(environment),
    pool: pool?.name ?? '',
    status: hostStatus(statusFacts(host, revision, context.pollMs), context.now),
    incarnation: host.incarnation,
    address: host.address === '' ? null : host.address,
    connected: host.incarnationId !== null && context.isConnected(host.incarnationId),
    lastReportAt: isoOrNull(host.reportAt),
    revision: host.reportRevision,
    openDrift: host.openDrift,
    rebuild: host.rebuild,
    provedAt: isoOrNull(host.provedAt),
    provedRevision: host.provedRevision,
  }
}

function statusFacts(host: HostSummary, revision: string | null, pollMs: number) {
  const { reportAt, reportStatus } = host
  return {
    report:
      reportAt === null || reportStatus === null
        ? null
        : {
            status: reportStatus,
            at: reportAt,
            catalogHash: host.reportHash,
            revision: host.reportRevision,
            cached: host.reportCached,
          },
    enrolledAt: host.enrolledAt,
    catalogHash: host.catalogHash,
    openDrift: host.openDrift,
    rebuild: host.rebuildState === null ? null : { state: host.rebuildState, first: host.rebuildIsFirst },
    revision,
    pollMs,
  }
}

export function renderIncarnation(incarnation: Incarnation): IncarnationRow {
  return {
    number: incarnation.number,
    machine: incarnation.machine,
    serial: incarnation.serial,
    createdAt: iso(incarnation.createdAt),
    enrolledAt: isoOrNull(incarnation.enrolledAt),
    revokedAt: isoOrNull(incarnation.revokedAt),
    state: incarnation.state,
  }
}

export function renderReport({ report, ...row }: StoredReport, commit: CommitView | null): ReportRow {
  return {
    id: row.id,
    host: row.host,
    incarnation: row.number,
    receivedAt: iso(row.receivedAt),
    status: report.status,
    trigger: report.trigger,
    revision: report.revision ?? null,
    commit,
    noop: report.noop,
    cached: report.cached,
    durationMs: row.durationMs,
    counts: report.counts,
  }
}

export function renderAudit({ at, ...entry }: AuditEntry, commit: CommitView | null): AuditRow {
  return { ...entry, at: iso(at), commit }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms)
}
