/** Pure: what of a report is still wrong on the host, so that the same finding is not told at every file event. */

import type { Report } from '../../schemas/generated/types.ts'
import { hashOf } from '../../schemas/hash.ts'

/** Names what was left as it is: drift, failures, and what waits for them. Equal findings give equal names. */
export function evidenceOf(report: Report): string {
  const left = report.resources.filter(({ outcome }) => outcome !== 'changed' && outcome !== 'in-sync')
  if (left.length === 0 && report.error === undefined) return 'in-sync'
  return hashOf({
    error: report.error?.message,
    left: left.map(({ id, outcome, changes, error }) => ({ id, outcome, changes, error: error?.message })),
  })
}

/**
 * Whether a run is worth a report. A check that a watch event caused is, when it changed something, or found something
 * else than what the server was told last; every other run is.
 */
export function isWorthReporting(report: Report, lastTold: string | undefined): boolean {
  if (report.trigger !== 'watch') return true
  if (report.counts.changed + report.counts.refreshed > 0) return true
  return evidenceOf(report) !== (lastTold ?? 'in-sync')
}
