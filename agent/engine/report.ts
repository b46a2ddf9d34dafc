/** Pure: a run's outcomes, counted and judged. */
import { type ErrorShape, errorShape } from '../../schemas/errors.ts'
import type { FactProblem, Report, ResourceOutcome } from '../../schemas/generated/types.ts'
import type { Selection } from './prepare.ts'

/** What one pass over a catalog came to. */
export interface Convergence {
  readonly total: number
  /** Those that were not in sync, or were refreshed. */
  readonly outcomes: readonly ResourceOutcome[]
  /** Why the pass did not reach its end, such as a stop. */
  readonly error?: ErrorShape
}

/** What is known of a run besides its outcomes. Times in milliseconds since the epoch. */
export interface RunFacts {
  readonly id: string
  readonly host: string
  readonly trigger: Report['trigger']
  readonly runId?: string | undefined
  readonly startedAt: number
  readonly finishedAt: number
  readonly catalogHash?: string | undefined
  readonly revision?: string | undefined
  readonly cached: boolean
  readonly noop: boolean
  readonly selection?: Selection | undefined
  readonly factProblems?: readonly FactProblem[] | undefined
}

export function makeReport(run: RunFacts, convergence: Convergence): Report {
  const { runId, catalogHash, revision, selection, factProblems = [] } = run
  return {
    version: 1,
    id: run.id,
    host: run.host,
    trigger: run.trigger,
    ...(runId === undefined ? {} : { runId }),
    startedAt: new Date(run.startedAt).toISOString(),
    finishedAt: new Date(run.finishedAt).toISOString(),
    ...(catalogHash === undefined ? {} : { catalogHash }),
    ...(revision === undefined ? {} : { revision }),
    cached: run.cached,
    noop: run.noop,
    ...(selection === undefined ? {} : { selection: plainSelection(selection) }),
    status: statusOf(convergence),
    ...(convergence.error === undefined ? {} : { error: { ...convergence.error } }),
    ...(factProblems.length === 0 ? {} : { factProblems: [...factProblems] }),
    counts: count(convergence),
    resources: [...convergence.outcomes],
  }
}

function plainSelection({ tags, skipTags }: Selection): NonNullable<Report['selection']> {
  return {
    ...(tags === undefined ? {} : { tags: [...tags] }),
    ...(skipTags === undefined ? {} : { skipTags: [...skipTags] }),
  }
}

/** The report of a run that could not begin: no catalog, or one that is refused. */
export function makeFailureReport(run: RunFacts, error: unknown): Report {
  return makeReport(run, { total: 0, outcomes: [], error: errorShape(error) })
}

/** The worst of what happened, as protocol/report describes it. */
export function statusOf({ outcomes, error }: Convergence): Report['status'] {
  const has = (outcome: ResourceOutcome['outcome']) => outcomes.some((one) => one.outcome === outcome)
  if (error !== undefined || has('failed') || has('skipped')) return 'failed'
  if (has('drifted')) return 'drifted'
  if (has('changed') || outcomes.some((one) => one.refreshed !== undefined)) return 'changed'
  return has('pending') ? 'pending' : 'in-sync'
}

function count({ total, outcomes }: Convergence): Report['counts'] {
  const having = (test: (outcome: ResourceOutcome) => boolean) => outcomes.filter(test).length
  return {
    total,
    inSync: total - having(({ outcome }) => outcome !== 'in-sync'),
    changed: having(({ outcome }) => outcome === 'changed'),
    drifted: having(
      ({ cause, changes, audited = [] }) =>
        cause === 'drift' && !(changes.length > 0 && audited.length === changes.length),
    ),
    failed: having(({ outcome }) => outcome === 'failed'),
    skipped: having(({ outcome }) => outcome === 'skipped'),
    refreshed: having(({ refreshed }) => refreshed !== undefined),
  }
}

/**
 * Puppet's exit codes. Detailed: 0 nothing changed, 1 the run failed or was not attempted, 2 changes, 4 failures, 6
 * both; a no-op run never gives 2. Plain: 0, or 1 when anything failed.
 */
export function exitCodeOf(report: Report, { detailed }: { detailed: boolean }): 0 | 1 | 2 | 4 | 6 {
  if (!detailed) return report.status === 'failed' ? 1 : 0
  if (report.error !== undefined) return 1
  const failed = report.counts.failed + report.counts.skipped > 0
  const changed = !report.noop && report.counts.changed + report.counts.refreshed > 0
  return failed ? (changed ? 6 : 4) : changed ? 2 : 0
}
