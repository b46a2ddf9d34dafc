/** Words for what a host, a run, a resource and a rebuild are. Colour and sign hang on the same tone. */
import type { ResourceOutcome } from '../../../schemas/generated/types.ts'
import type { HostStatus, ReportRow } from '../../http/view.ts'
import type { RebuildState } from '../../rebuild/state.ts'

/** Worst first. */
export const hostStatuses: readonly HostStatus[] = [
  'failed',
  'drifted',
  'silent',
  'stale',
  'rebuilding',
  'new',
  'changed',
  'in-sync',
]

export type Tone = HostStatus | 'quiet'

interface Wording {
  readonly word: string
  readonly tone: Tone
  /** What it means, in a sentence. */
  readonly meaning: string
}

export const hostWords: Record<HostStatus, Wording> = {
  failed: { word: 'failed', tone: 'failed', meaning: 'The last run failed' },
  drifted: { word: 'drifted', tone: 'drifted', meaning: 'The host moved away from what it had converged to' },
  silent: { word: 'silent', tone: 'silent', meaning: 'No word from the host when one was due' },
  stale: { word: 'stale', tone: 'stale', meaning: 'It applied another catalog than the one wanted' },
  rebuilding: { word: 'rebuilding', tone: 'rebuilding', meaning: 'A rebuild of it is under way' },
  new: { word: 'new', tone: 'new', meaning: 'Made, no report yet' },
  changed: { word: 'changed', tone: 'changed', meaning: 'The last run changed something, and it held' },
  'in-sync': { word: 'in sync', tone: 'in-sync', meaning: 'The last run found nothing to do' },
}

export const runWords: Record<ReportRow['status'], Wording> = {
  failed: { word: 'failed', tone: 'failed', meaning: 'A resource failed, or the run could not be done' },
  drifted: { word: 'drifted', tone: 'drifted', meaning: 'Drift was found and left as it was' },
  pending: { word: 'would change', tone: 'stale', meaning: 'A no-op run that would change something' },
  changed: { word: 'changed', tone: 'changed', meaning: 'Something was changed, and it all held' },
  'in-sync': { word: 'in sync', tone: 'in-sync', meaning: 'Nothing to do' },
}

export const outcomeWords: Record<ResourceOutcome['outcome'], Wording> = {
  failed: { word: 'failed', tone: 'failed', meaning: 'It could not be brought to what is wanted' },
  drifted: { word: 'drifted', tone: 'drifted', meaning: 'Drift that was left as it was' },
  skipped: { word: 'skipped', tone: 'silent', meaning: 'What it waits for failed' },
  pending: { word: 'would change', tone: 'stale', meaning: 'A run that is not no-op would change it' },
  changed: { word: 'changed', tone: 'changed', meaning: 'It was changed, and read back as wanted' },
  'in-sync': { word: 'refreshed', tone: 'in-sync', meaning: 'As wanted, and refreshed' },
}

/** Worst first: the order in which a run shows its resources. */
export const outcomeOrder: readonly ResourceOutcome['outcome'][] = [
  'failed',
  'drifted',
  'skipped',
  'pending',
  'changed',
  'in-sync',
]

export function rebuildWords(state: RebuildState): Wording {
  switch (state) {
    case 'held':
      return { word: 'held', tone: 'failed', meaning: 'Something failed; it waits for a person' }
    case 'cancelled':
      return { word: 'cancelled', tone: 'quiet', meaning: 'A person gave it up' }
    case 'in-service':
      return { word: 'in service', tone: 'in-sync', meaning: 'The new incarnation has the name' }
    default:
      return { word: state, tone: 'rebuilding', meaning: 'Under way' }
  }
}

/** Whether nothing more will happen to it. */
export function hasEnded(state: RebuildState): boolean {
  return state === 'in-service' || state === 'cancelled'
}
