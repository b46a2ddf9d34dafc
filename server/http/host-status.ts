/** What a host is, worst first. A status never flatters: no word when one was due is `silent`, not `in-sync`. Pure. */
import type { RebuildState } from '../rebuild/state.ts'
import type { HostStatus } from './view.ts'

export interface HostFacts {
  /** The newest report that was no no-op; null before the first. Times in milliseconds. */
  readonly report: {
    readonly status: string
    readonly at: number
    readonly catalogHash: string | null
    readonly revision: string | null
    /** It was a run from the agent's disk, since the server did not answer. */
    readonly cached: boolean
  } | null
  readonly enrolledAt: number | null
  /** The catalog that was handed to it last. */
  readonly catalogHash: string | null
  readonly openDrift: number
  /** The rebuild that has not ended, if any; `first`: it makes the host's first machine. */
  readonly rebuild: { readonly state: RebuildState; readonly first: boolean } | null
  /** Revision that the server serves. */
  readonly revision: string | null
  /** How often the agent is to report. */
  readonly pollMs: number
}

/** States in which nothing of a rebuild moves: it waits for its rails, or for a person. */
const waiting: readonly RebuildState[] = ['requested', 'held']

export function hostStatus(host: HostFacts, now: number): HostStatus {
  const moving = host.rebuild !== null && !waiting.includes(host.rebuild.state)
  // What is being made anew is expected to be silent, and to differ; its old faults are on their way out.
  if (moving) return host.rebuild?.first === true && host.report === null ? 'new' : 'rebuilding'
  const { report } = host
  if (report?.status === 'failed') return 'failed'
  if (host.openDrift > 0 || report?.status === 'drifted') return 'drifted'
  const lastWordAt = report?.at ?? host.enrolledAt
  if (lastWordAt !== null && now - lastWordAt > 2 * host.pollMs) return 'silent'
  if (report === null) return 'new'
  if (isStale(host, report)) return 'stale'
  return report.status === 'changed' ? 'changed' : 'in-sync'
}

function isStale(host: HostFacts, report: NonNullable<HostFacts['report']>): boolean {
  return report.cached || report.revision !== host.revision || report.catalogHash !== host.catalogHash
}
