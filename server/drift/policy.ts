/**
 * Pure: whether drift leads to a rebuild, and the reason when not. Decides only whether to ask for one; when it may
 * start is the rails' matter (server/rebuild/budget.ts).
 */
import type { Pool, Report } from '../../schemas/generated/types.ts'
import { hashOf } from '../../schemas/hash.ts'
import type { OpenDrift } from '../store/drift.ts'

export interface DriftCase {
  readonly host: string
  /** Number of the incarnation that drifted. */
  readonly incarnation: number
  /** Whether the incarnation has the host's name; what is not in service is no one's drift. */
  readonly current: boolean
  /** Whether a driver of ours can make a new machine of it. */
  readonly managed: boolean
  /** Undefined when no rule of the site matches the host. */
  readonly pool: Pool | undefined
  /** Drift of managed resources that is still there. */
  readonly open: readonly OpenDrift[]
  readonly report: Report
  /** Whether a rebuild of the host is open already, held ones included. */
  readonly underWay: boolean
  /** Whether a rebuild, of whatever end, acted on this evidence before. */
  readonly actedOn: (causeKey: string) => boolean
}

export type DriftDecision =
  | { readonly rebuild: true; readonly reason: string; readonly causeKey: string }
  | { readonly rebuild: false; readonly why: string }

/** Each entry: why the case leads to no rebuild, or undefined. The first one that speaks is the answer. */
const objections: readonly ((drift: DriftCase) => string | undefined)[] = [
  ({ open }) => (open.length === 0 ? 'nothing has drifted' : undefined),
  ({ pool }) => (pool === undefined ? 'no rule of the site matches the host' : undefined),
  ({ pool }) => (pool?.drift === 'rebuild' ? undefined : `the pool's policy is "${pool?.drift}"`),
  ({ managed }) => (managed ? undefined : 'the host is not on a machine of ours'),
  ({ current }) => (current ? undefined : 'the incarnation is not in service'),
  ({ host, pool }) =>
    pool?.protect.includes(host) ? `"${host}" is protected: only a person may ask` : undefined,
  ({ report }) => (report.noop ? 'the run was a no-op' : undefined),
  ({ report }) => (report.cached ? 'the catalog came from the disk of the host' : undefined),
  ({ report }) =>
    report.error !== undefined || report.catalogHash === undefined || report.selection !== undefined
      ? 'the run did not cover the whole catalog'
      : undefined,
  ({ underWay }) => (underWay ? 'a rebuild is under way' : undefined),
]

export function decideDrift(drift: DriftCase): DriftDecision {
  for (const objection of objections) {
    const why = objection(drift)
    if (why !== undefined) return { rebuild: false, why }
  }
  const causeKey = causeKeyOf(drift)
  if (drift.actedOn(causeKey)) return { rebuild: false, why: 'a rebuild acted on this evidence before' }
  return { rebuild: true, reason: renderReason(drift.open), causeKey }
}

/** One name for one body of evidence: the host's life and all that differs in it, whatever order it came in. */
export function causeKeyOf({
  host,
  incarnation,
  open,
}: Pick<DriftCase, 'host' | 'incarnation' | 'open'>): string {
  const evidence = open
    .map(({ resource, changes }) => ({
      resource,
      // What a host's files hold need not be valid Unicode, which canonical JSON refuses.
      changes: changes.map(({ property, from, to }) => ({
        property,
        from: from?.toWellFormed() ?? null,
        to: to?.toWellFormed() ?? null,
      })),
    }))
    .toSorted((a, b) => (a.resource < b.resource ? -1 : 1))
  return `drift:${host}:${incarnation}:${hashOf(evidence)}`
}

/**
 * @example renderReason([{ resource: 'file:/etc/motd', changes: [{ property: 'content', ... }], ... }])
 * // 'drift of file:/etc/motd (content)'
 */
export function renderReason(open: readonly OpenDrift[]): string {
  const [first] = open
  if (first === undefined) return 'drift'
  const properties = first.changes.map(({ property }) => property).join(', ')
  const one = properties === '' ? first.resource : `${first.resource} (${properties})`
  return open.length === 1 ? `drift of ${one}` : `drift of ${one} and ${open.length - 1} more`
}
