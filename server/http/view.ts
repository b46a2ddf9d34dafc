/**
 * The bodies of the people's API (`/api/...`), as types: the contract between server/http/route and server/web.
 * All times are ISO 8601 in UTC by the server's clock unless named otherwise; lists are newest first.
 */
import type { Change, FactProblem, Report, Vitals } from '../../schemas/generated/types.ts'
import type { RebuildOrder, RebuildState } from '../rebuild/state.ts'

export type { RebuildOrder, RebuildState }

export type Role = 'viewer' | 'operator' | 'admin'

/** GET /api/session */
export interface SessionView {
  readonly name: string
  readonly role: Role
}

/**
 * What a host is, worst first. `silent`: no word when one was due. `stale`: it applied another catalog than the one
 * wanted. `new`: made, no report yet. `rebuilding`: a rebuild of it is under way.
 */
export type HostStatus =
  | 'failed'
  | 'drifted'
  | 'silent'
  | 'stale'
  | 'rebuilding'
  | 'new'
  | 'changed'
  | 'in-sync'

/** GET /api/hosts -> HostRow[] */
export interface HostRow {
  readonly name: string
  readonly role: string
  /** Branch or tag that it is served from; null where the site is a folder. */
  readonly environment: string | null
  readonly pool: string
  readonly status: HostStatus
  readonly incarnation: number | null
  readonly address: string | null
  readonly connected: boolean
  readonly lastReportAt: string | null
  readonly revision: string | null
  readonly openDrift: number
  /** Id of the rebuild under way or held, if any. */
  readonly rebuild: string | null
  /** When and at which revision it was last proved from bare. */
  readonly provedAt: string | null
  readonly provedRevision: string | null
}

/** GET /api/hosts/:name */
export interface HostView extends HostRow, HostTold {
  /** Of the revision that it reported; null where the site is a folder. */
  readonly commit: CommitView | null
  /** A new catalog that waits for a person; null when none does. */
  readonly heldChange: HeldChangeView | null
  readonly incarnations: readonly IncarnationRow[]
  readonly drift: readonly DriftRow[]
  readonly reports: readonly ReportRow[]
  readonly rebuilds: readonly RebuildRow[]
  readonly facts: Record<string, unknown> | null
  readonly resources: readonly ResourceRow[]
}

/** It leaves out more of the host's resources than its pool allows. */
export interface HeldChangeView {
  /** What to approve it by. */
  readonly evidence: string
  readonly revision: string
  readonly heldAt: string
  /** Ids of resources that are left out. */
  readonly dropped: readonly string[]
  /** How many the host's catalog has. */
  readonly resources: number
}

/** Besides facts: what the server knows of a host, and what changes by itself on it. */
export interface HostTold {
  /** What its join token carried, and what the classifier says. */
  readonly attributes: Readonly<Record<string, string>>
  /** Versions by name; null before the host told them. */
  readonly packages: Readonly<Record<string, string>> | null
  /** Null until the host's next poll, when the server was started again. */
  readonly vitals: (Vitals & { readonly toldAt: string }) | null
  /** Why facts of the site's own are not what their programs say. */
  readonly factProblems: readonly FactProblem[]
}

export interface ResourceRow {
  readonly id: string
  readonly where: string
}

export interface IncarnationRow {
  readonly number: number
  readonly machine: string
  readonly serial: string | null
  readonly createdAt: string
  readonly enrolledAt: string | null
  readonly revokedAt: string | null
  /** `candidate`: not yet in service. `current`: has the host's name. `gone`: revoked and destroyed. */
  readonly state: 'candidate' | 'current' | 'gone'
}

/** GET /api/drift?open=true|false -> DriftRow[] */
export interface DriftRow {
  readonly id: number
  readonly host: string
  readonly incarnation: number
  readonly resource: string
  readonly where: string
  readonly changes: readonly Change[]
  readonly seenAt: string
  /** When it was corrected, or gone with its incarnation; null while open. */
  readonly endedAt: string | null
  readonly endedBy: 'corrected' | 'rebuilt' | null
  readonly report: string
}

export interface ReportRow {
  readonly id: string
  readonly host: string
  readonly incarnation: number
  readonly receivedAt: string
  readonly status: Report['status']
  readonly trigger: Report['trigger']
  readonly revision: string | null
  /** What the revision stood for when the report came; null where the site was a folder. */
  readonly commit: CommitView | null
  readonly noop: boolean
  readonly cached: boolean
  readonly durationMs: number
  readonly counts: Report['counts']
}

/** GET /api/reports/:id */
export interface ReportView extends ReportRow {
  readonly report: Report
}

/** GET /api/rebuilds -> RebuildRow[] */
export interface RebuildRow {
  readonly id: string
  readonly host: string
  readonly order: RebuildOrder
  readonly state: RebuildState
  /** Why, in a sentence: `drift of file:/etc/nginx/nginx.conf`, `asked for by admin: kernel update`, `first machine`. */
  readonly reason: string
  readonly requestedBy: string
  readonly requestedAt: string
  readonly endedAt: string | null
  readonly fromIncarnation: number | null
  readonly toIncarnation: number | null
  readonly revision: string | null
  /** What the revision stood for; null where the site was a folder. */
  readonly commit: CommitView | null
  /** Why it does not go on: the rail that holds it back, or the failure; null while it moves. */
  readonly waiting: string | null
  /** Milliseconds from request to end, or until now. */
  readonly elapsedMs: number
  readonly steps: readonly RebuildStepRow[]
}

/** GET /api/rebuilds/:id */
export interface RebuildView extends RebuildRow {
  readonly evidence: string | null
}

export interface RebuildStepRow {
  readonly state: RebuildState
  readonly startedAt: string
  /** Null while it is under way. */
  readonly durationMs: number | null
  readonly detail: string | null
}

/** A commit of the site's repository. */
export interface CommitView {
  /** Whole, in hexadecimal. */
  readonly hash: string
  /** `Ann <ann@example.org>` */
  readonly author: string
  /** By the committer's clock; null where that is out of all bounds. */
  readonly committedAt: string | null
  readonly subject: string
}

/** What is served, and what is not. */
interface ServedView {
  /** The revision that is served; null before the first good one. */
  readonly revision: string | null
  readonly activatedAt: string | null
  /** Null where the site is a folder. */
  readonly commit: CommitView | null
  /** What the served revision is warned of, such as by its policies. */
  readonly warnings: readonly SiteProblem[]
  /** Why the newest code is not served; null when it is. */
  readonly refused: {
    /** What to approve it by, where only a person's approval is missing; null where it is not sound, or refused. */
    readonly approval: string | null
    readonly revision: string
    readonly at: string
    readonly problems: readonly SiteProblem[]
    readonly commit: CommitView | null
  } | null
}

/** GET /api/site: the main environment (a folder has no other), and those besides it */
export interface SiteView extends ServedView {
  readonly roles: readonly string[]
  /** Of all environments; those of others than the main one are named `<pool>@<environment>`. */
  readonly pools: readonly PoolView[]
  /** Null where the site is a folder. */
  readonly repository: {
    readonly url: string
    readonly branch: string
    readonly fetchedAt: string | null
    /** Since when it does not answer, and what git says; null while it does. */
    readonly unreachable: { readonly since: string; readonly problem: string } | null
  } | null
  readonly environments: readonly EnvironmentView[]
}

export interface EnvironmentView extends ServedView {
  /** Branch or tag. */
  readonly name: string
  readonly hosts: readonly string[]
}

export interface SiteProblem {
  readonly message: string
  readonly where: string | null
  readonly hint: string | null
}

export interface PoolView {
  readonly name: string
  readonly order: RebuildOrder
  readonly drift: 'report' | 'correct' | 'rebuild'
  readonly hosts: readonly string[]
}

/** GET /api/audit?limit=N -> { entries, chain } */
export interface AuditView {
  readonly entries: readonly AuditRow[]
  /** Whether every entry's hash fits the one before it, over the whole log. */
  readonly chain: { readonly intact: boolean; readonly length: number; readonly brokenAt: number | null }
}

export interface AuditRow {
  readonly seq: number
  readonly at: string
  /** `user:admin`, `host:web-1`, `policy`, `server`, or the remote address of a stranger. */
  readonly actor: string
  /** Dotted verb, such as `enrol.accepted`, `enrol.refused`, `rebuild.requested`, `certificate.revoked`. */
  readonly action: string
  readonly target: string
  readonly detail: string | null
  readonly revision: string | null
  /** What the revision stood for; null where the site was a folder, or the entry names none. */
  readonly commit: CommitView | null
  readonly hash: string
}

/** GET /api/overview */
export interface OverviewView {
  readonly version: string
  readonly now: string
  readonly hosts: readonly HostRow[]
  readonly openDrift: readonly DriftRow[]
  /** Under way and held first, then the last few that ended. */
  readonly rebuilds: readonly RebuildRow[]
  readonly site: SiteView
  /** Refusals of the last day: tokens, certificates, catalogs. */
  readonly refusals: readonly AuditRow[]
}

/** WebSocket /api/events: the server says what changed, and the page asks for it again. */
export interface LiveEvent {
  readonly type: 'host' | 'report' | 'drift' | 'rebuild' | 'site' | 'audit' | 'progress'
  /** Name of the host, where it is about one. */
  readonly host?: string
  /** Id of the report or rebuild, where it is about one. */
  readonly id?: string
  /** For `progress`: a run that is going on. */
  readonly progress?: { readonly done: number; readonly total: number; readonly resource?: string }
}

/**
 * Acts (POST, JSON; operator unless noted; each is audited):
 * /api/login {name, password} -> SessionView and a cookie; /api/logout
 * /api/hosts {name}                        make a host that has no machine yet (admin) -> { rebuild }
 * /api/hosts/:name/run {noop?}             run now -> { runId }
 * /api/hosts/:name/rebuild {reason}        -> { rebuild }
 * /api/hosts/:name/revoke {reason}         revoke its certificate (admin)
 * /api/rebuilds/:id/resume, /api/rebuilds/:id/cancel
 * /api/site/check                          look at the site's folder or repository now -> SiteView
 * /v1/site/webhook                         a forge says that the repository changed; its signature is the login
 * /api/tokens {host, ttlSeconds?, attributes?}  a join token for a machine that Rekindle did not make (admin) -> { token, expiresAt }
 * DELETE /api/hosts/:name                  destroy its machine and forget it (admin)
 */
export type Acts = never
