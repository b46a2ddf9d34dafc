/** What people may look at: GET routes. Every list has a bound. */
import type { FastifyInstance } from 'fastify'
import { RekindleError } from '../../../schemas/errors.ts'
import { version } from '../../../schemas/version.ts'
import type { AuditEntry } from '../../audit/chain.ts'
import { chainBegin, followChain } from '../../audit/chain.ts'
import type { Context } from '../../context.ts'
import { auditAfter, listAudit, listRefusals } from '../../store/audit.ts'
import { findEnvelope } from '../../store/catalog.ts'
import { commitOf } from '../../store/commit-row.ts'
import type { Db } from '../../store/db.ts'
import { driftRows } from '../../store/drift.ts'
import { findHeldChange } from '../../store/held-change.ts'
import { findHostSummary, type HostSummary, listHostSummaries } from '../../store/host.ts'
import { attributesOf, findIncarnation, type Incarnation, listIncarnations } from '../../store/incarnation.ts'
import { findPackages } from '../../store/packages.ts'
import { rebuildRows, rebuildView } from '../../store/rebuild-row.ts'
import { findReport, listReports, type StoredReport } from '../../store/report.ts'
import type {
  AuditRow,
  AuditView,
  DriftRow,
  HostRow,
  HostTold,
  HostView,
  OverviewView,
  RebuildRow,
  RebuildView,
  ReportRow,
  ReportView,
  ResourceRow,
  SiteView,
} from '../view.ts'
import type { PeopleApi } from './api.ts'
import { type RenderContext, renderAudit, renderHost, renderIncarnation, renderReport } from './render.ts'

const bounds = {
  hosts: 5000,
  drift: 500,
  rebuilds: 200,
  reports: 200,
  incarnations: 50,
  audit: 1000,
  refusals: 50,
}
/** What one host's page and the overview show of each. */
const glance = { drift: 100, rebuilds: 20, reports: 50 }
const dayMs = 86_400_000
const viewer = { config: { allow: 'viewer' } } as const

export function readRoutes(app: FastifyInstance, api: PeopleApi): void {
  const { context, site } = api
  const { db } = context

  app.get('/api/health', { config: { allow: 'anyone' } }, async () => ({ status: 'ok', version }))
  app.get('/api/overview', viewer, async (): Promise<OverviewView> => overview(api))
  app.get('/api/hosts', viewer, async (): Promise<readonly HostRow[]> => hostRows(api))
  app.get<{ Params: { name: string } }>('/api/hosts/:name', viewer, async (request): Promise<HostView> => {
    const host = findHostSummary(db, request.params.name)
    if (host === undefined) throw notFound('host', request.params.name)
    return hostView(api, host)
  })
  app.get<{ Querystring: ListQuery }>('/api/drift', viewer, async (request): Promise<readonly DriftRow[]> => {
    const { open, host, limit } = request.query
    const isOpen = open === undefined ? undefined : open === 'true'
    return driftRows(db, { host, open: isOpen, limit: bounded(limit, bounds.drift) })
  })
  app.get<{ Querystring: ListQuery & { host: string } }>(
    '/api/reports',
    { ...viewer, schema: { querystring: { type: 'object', required: ['host'] } } },
    async (request): Promise<readonly ReportRow[]> =>
      listReports(db, request.query.host, bounded(request.query.limit, bounds.reports)).map((stored) =>
        reportRow(db, stored),
      ),
  )
  app.get<{ Params: { id: string } }>('/api/reports/:id', viewer, async (request): Promise<ReportView> => {
    const stored = findReport(db, request.params.id)
    if (stored === undefined) throw notFound('report', request.params.id)
    return { ...reportRow(db, stored), report: stored.report }
  })
  app.get<{ Querystring: ListQuery }>(
    '/api/rebuilds',
    viewer,
    async (request): Promise<readonly RebuildRow[]> => {
      const { host, limit } = request.query
      return rebuilds(context, { host, limit: bounded(limit, bounds.rebuilds) })
    },
  )
  app.get<{ Params: { id: string } }>('/api/rebuilds/:id', viewer, async (request): Promise<RebuildView> => {
    const rebuild = rebuildView(db, request.params.id, context.now())
    if (rebuild === undefined) throw notFound('rebuild', request.params.id)
    return rebuild
  })
  app.get('/api/site', viewer, async (): Promise<SiteView> => site.view())
  app.get<{ Querystring: ListQuery }>('/api/audit', viewer, async (request): Promise<AuditView> => {
    const entries = listAudit(db, bounded(request.query.limit, bounds.audit)).map((entry) =>
      auditRow(db, entry),
    )
    return { entries, chain: await verifyChain(context) }
  })
}

interface ListQuery {
  readonly open?: string
  readonly host?: string
  readonly limit?: string
}

/** A wish for fewer is granted, one for more is not. */
function bounded(limit: string | undefined, most: number): number {
  const wished = Number(limit ?? most)
  return Number.isInteger(wished) && wished > 0 ? Math.min(wished, most) : most
}

function overview(api: PeopleApi): OverviewView {
  const { context, site } = api
  return {
    version,
    now: new Date(context.now()).toISOString(),
    hosts: hostRows(api),
    openDrift: driftRows(context.db, { open: true, limit: glance.drift }),
    rebuilds: rebuilds(context, { limit: glance.rebuilds }),
    site: site.view(),
    refusals: listRefusals(context.db, context.now() - dayMs, bounds.refusals).map((entry) =>
      auditRow(context.db, entry),
    ),
  }
}

function hostRows(api: PeopleApi): readonly HostRow[] {
  const rendering = renderContext(api)
  return listHostSummaries(api.context.db, bounds.hosts).map((host) => renderHost(host, rendering))
}

function renderContext({ context, hub, site, pollMs }: PeopleApi): RenderContext {
  return {
    isConnected: hub.isConnected,
    placeOf: site.placeOf,
    revisionOf: (environment) => site.revision(environment) ?? null,
    nameOf: site.nameOf,
    pollMs,
    now: context.now(),
  }
}

function hostView(api: PeopleApi, host: HostSummary): HostView {
  const { context } = api
  const { db } = context
  const { name } = host
  const shown = host.incarnationId === null ? undefined : findIncarnation(db, host.incarnationId)
  return {
    ...renderHost(host, renderContext(api)),
    commit: commitOf(db, host.reportRevision, { at: context.now(), environment: host.catalogEnvironment }),
    heldChange: heldChange(db, name),
    incarnations: listIncarnations(db, name, bounds.incarnations).map(renderIncarnation),
    drift: driftRows(db, { host: name, limit: glance.drift }),
    reports: listReports(db, name, glance.reports).map((stored) => reportRow(db, stored)),
    rebuilds: rebuilds(context, { host: name, limit: glance.rebuilds }),
    // The column holds what protocol/facts accepted.
    facts: shown?.facts == null ? null : (JSON.parse(shown.facts) as Record<string, unknown>),
    ...toldBy(api, name, shown),
    resources: host.catalogHash === null ? [] : resourcesOf(context, host.catalogHash),
  }
}

function heldChange(db: Db, host: string): HostView['heldChange'] {
  const held = findHeldChange(db, host)
  if (held === undefined || held.approvedAt !== null) return null
  const { evidence, revision, dropped, resources } = held
  return { evidence, revision, dropped, resources, heldAt: new Date(held.heldAt).toISOString() }
}

function reportRow(db: Db, stored: StoredReport): ReportRow {
  const { report, receivedAt, environment } = stored
  return renderReport(stored, commitOf(db, report.revision ?? null, { at: receivedAt, environment }))
}

function auditRow(db: Db, entry: AuditEntry): AuditRow {
  const environment = /^environment:(.+)$/.exec(entry.target)?.[1]
  return renderAudit(entry, commitOf(db, entry.revision, { at: entry.at, environment }))
}

/** What the host said besides facts, and what the server knows of it. */
function toldBy({ context, vitals }: PeopleApi, host: string, shown: Incarnation | undefined): HostTold {
  if (shown === undefined) return { attributes: {}, packages: null, vitals: null, factProblems: [] }
  const told = vitals.find(host, shown.id)
  const packages = findPackages(context.db, shown.id)
  return {
    attributes: attributesOf(context.db, shown.id),
    // A column that holds what a schema accepted.
    packages: packages === undefined ? null : (JSON.parse(packages.versions) as HostTold['packages']),
    vitals: told?.vitals === undefined ? null : { ...told.vitals, toldAt: new Date(told.at).toISOString() },
    factProblems: told?.factProblems ?? [],
  }
}

/** Under way and held ones first, then those that ended, newest first. */
function rebuilds(
  { db, now }: Context,
  { host, limit }: { readonly host?: string | undefined; readonly limit: number },
): readonly RebuildRow[] {
  const open = rebuildRows(db, { host, open: true, limit }, now())
  const left = limit - open.length
  return left > 0 ? [...open, ...rebuildRows(db, { host, open: false, limit: left }, now())] : open
}

/** Reads the server's own envelope back: what it sealed needs no second check. */
function resourcesOf({ db }: Context, hash: string): readonly ResourceRow[] {
  const envelope = findEnvelope(db, hash)
  if (envelope === undefined) return []
  const { payload } = JSON.parse(envelope) as { payload: string }
  const { resources } = JSON.parse(payload) as { resources: readonly ResourceRow[] }
  return resources.map(({ id, where }) => ({ id, where }))
}

/** Walks the whole log in pieces, so that a long one does not hold up the agents. */
async function verifyChain({ db }: Context): Promise<AuditView['chain']> {
  let state = chainBegin
  let seq = 0
  for (;;) {
    const entries = auditAfter(db, seq, 2000)
    state = followChain(state, entries)
    const last = entries.at(-1)
    if (last === undefined) break
    seq = last.seq
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { intact: state.brokenAt === null, length: state.length, brokenAt: state.brokenAt }
}

function notFound(what: string, name: string): RekindleError {
  return new RekindleError({ code: 'not-found', message: `Cannot find ${what} "${name.slice(0, 100)}"` })
}
