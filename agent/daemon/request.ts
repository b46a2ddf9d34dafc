import type { Report } from '../../schemas/generated/types.ts'

/** A run that is asked for. */
export interface RunRequest {
  readonly trigger: Report['trigger']
  /** The server's id of its request. */
  readonly runId?: string
  readonly noop: boolean
}

/** What answers more comes later in the list. */
const rank: readonly RunRequest['trigger'][] = ['watch', 'poll', 'push', 'manual', 'first', 'prove']

/**
 * One run that answers both requests: a real run answers a no-op one too, a run asked for by the server answers a poll,
 * and of two the newer request's id is told when both rank the same.
 */
export function mergeRequests(older: RunRequest | undefined, newer: RunRequest): RunRequest {
  if (older === undefined) return newer
  const [lesser, greater] =
    rank.indexOf(older.trigger) > rank.indexOf(newer.trigger) ? [newer, older] : [older, newer]
  const runId = greater.runId ?? lesser.runId
  return {
    trigger: greater.trigger,
    noop: older.noop && newer.noop,
    ...(runId === undefined ? {} : { runId }),
  }
}
