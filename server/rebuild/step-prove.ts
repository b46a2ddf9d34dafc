/** Converging and proving: one run from bare that holds, a second that changes nothing, and health. */
import { randomUUID } from 'node:crypto'
import type { Report } from '../../schemas/generated/types.ts'
import { type Incarnation, saveAddress, saveProof } from '../store/incarnation.ts'
import { listRuns, type RunResult } from '../store/rebuild.ts'
import { findReport } from '../store/report.ts'
import { comingOf, type Scene, type StepEnd } from './scene.ts'

/** Waits for the first run without failures. One that failed is tried again: a mirror may have hiccuped. */
export async function converge(scene: Scene): Promise<StepEnd> {
  const { ports, limits, row } = scene
  const coming = comingOf(scene)
  const runs = listRuns(ports.db, coming.id).filter(({ cached }) => !cached)
  const good = runs.findIndex(({ status }) => status !== 'failed')
  if (good >= 0) return { end: 'done', detail: `run ${good + 1} reached the desired state` }
  const last = runs.at(-1)
  const tries = limits.retries + 1
  if (last !== undefined && runs.length >= tries) {
    return {
      end: 'failed',
      why: `${coming.machine} failed to converge ${tries} times: ${failureOf(scene, last)}`,
    }
  }
  if (ports.now() - scene.since >= limits.convergeMs) {
    return {
      end: 'failed',
      why: `${coming.machine} did not converge within ${limits.convergeMs / 1000} s${last === undefined ? ': it sent no report' : `: ${failureOf(scene, last)}`}`,
    }
  }
  // It makes its first run by itself.
  if (last === undefined) return { end: 'wait', why: null }
  const runId = `${row.id}-converge-${runs.length + 1}`
  if (!ask(scene, coming, { trigger: 'push', runId })) return notConnected(coming)
  return { end: 'wait', why: `run ${runs.length} of at most ${tries} failed: ${failureOf(scene, last)}` }
}

/**
 * The phoenix test. The run that counts is the one that was asked for, by its id. It is asked for again when it proves
 * nothing either way: the catalog was the agent's cached one, or changed since the first run.
 */
export async function prove(scene: Scene): Promise<StepEnd> {
  const { ports, limits, row } = scene
  const coming = comingOf(scene)
  const runs = listRuns(ports.db, coming.id)
  const index = row.runId === null ? -1 : runs.findIndex(({ runId }) => runId === row.runId)
  const run = runs[index]
  const overdue = ports.now() - scene.since >= limits.proveMs
  if (run !== undefined && !provesNothing(run, runs.slice(0, index))) return judge(scene, coming, run)
  if (overdue) {
    return { end: 'failed', why: `${coming.machine} was not proved within ${limits.proveMs / 1000} s` }
  }
  if (run !== undefined || row.runId === null) return { end: 'again', fields: { runId: randomUUID() } }
  if (!ask(scene, coming, { trigger: 'prove', runId: row.runId })) return notConnected(coming)
  return { end: 'wait', why: null }
}

function provesNothing(run: RunResult, before: readonly RunResult[]): boolean {
  if (run.cached) return true
  const previous = before.findLast(({ cached }) => !cached)
  return run.status === 'changed' && previous !== undefined && previous.catalogHash !== run.catalogHash
}

async function judge(scene: Scene, coming: Incarnation, run: RunResult): Promise<StepEnd> {
  const { ports } = scene
  const report = findReport(ports.db, run.report)?.report
  const restless = report === undefined ? 'its report is gone' : whyNotIdle(report)
  if (restless !== undefined) {
    return { end: 'failed', why: `${coming.machine} is not proved: in its second run ${restless}` }
  }
  const checked = await checkAll(scene, coming)
  if (checked.end !== 'done') return checked
  const revision = report?.revision ?? scene.row.revision ?? 'unknown'
  return {
    end: 'done',
    detail: `a second run changed nothing${checked.detail}`,
    fields: { revision, runId: null },
    also: () => saveProof(ports.db, coming.id, revision, ports.now()),
  }
}

/** Undefined when nothing was changed, failed, drifted, skipped or refreshed; else what was. */
export function whyNotIdle({ status, counts, resources, error }: Report): string | undefined {
  const busy = counts.changed + counts.failed + counts.drifted + counts.skipped + counts.refreshed > 0
  // What a schedule withholds, or what is only audited, is as the author wants it.
  const waits = resources.every((one) => one.withheld !== undefined || one.audited !== undefined)
  if ((status === 'in-sync' || (status === 'pending' && waits)) && !busy && error === undefined)
    return undefined
  if (error !== undefined) return error.message
  const [first] = resources
  if (first === undefined) return `the status was ${status}`
  const what = first.refreshed === undefined ? first.outcome : 'refreshed'
  const more = resources.length === 1 ? '' : ` and ${resources.length - 1} more`
  return `${first.id} was ${what}${more}${first.error === undefined ? '' : `: ${first.error.message}`}`
}

async function checkAll(
  { ports, driver, row, signal }: Scene,
  coming: Incarnation,
): Promise<StepEnd & { detail?: string }> {
  const checks = ports.poolOf(row.host)?.health ?? []
  if (checks.length === 0) return { end: 'done', detail: '' }
  const address = (await driver.status(coming.machine))?.address || coming.address
  if (address === '') return { end: 'failed', why: `${coming.machine} has no address to check` }
  saveAddress(ports.db, coming.id, address)
  for (const check of checks) {
    const why = await ports.checkHealth(address, check, signal)
    if (signal.aborted) return { end: 'wait', why: null }
    if (why !== undefined) return { end: 'failed', why: `${coming.machine} is not healthy: ${why}` }
  }
  return {
    end: 'done',
    detail: `, and ${checks.length} health check${checks.length === 1 ? '' : 's'} passed`,
  }
}

/** Asks once, and again when no report came for long. False when the agent is not connected. */
function ask(
  { ports, row, asked, limits }: Scene,
  coming: Incarnation,
  run: { readonly trigger: 'push' | 'prove'; readonly runId: string },
): boolean {
  const before = asked.get(row.id)
  if (!ports.isConnected(coming.id)) {
    asked.delete(row.id)
    return false
  }
  if (before?.runId === run.runId && ports.now() - before.at < limits.resendMs) return true
  if (!ports.requestRun(coming.id, run)) return false
  asked.set(row.id, { runId: run.runId, at: ports.now() })
  return true
}

function notConnected(coming: Incarnation): StepEnd {
  return { end: 'wait', why: `the agent of ${coming.machine} is not connected` }
}

function failureOf({ ports }: Scene, run: RunResult): string {
  const report = findReport(ports.db, run.report)?.report
  const failed = report?.resources.find(({ outcome }) => outcome === 'failed')
  if (report?.error !== undefined) return report.error.message
  return failed === undefined ? 'no reason was given' : `${failed.id}: ${failed.error?.message ?? 'failed'}`
}
