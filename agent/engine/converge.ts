/**
 * The one pass over a catalog: read everything in bulk; when all is as wanted, done. Otherwise walk in the catalog's
 * order, and for each resource: read again, decide, apply, read again to verify, refresh. A failure skips what depends
 * on it and nothing else. This is a shell: what is to be done is decided in plan.ts, what is remembered in ledger.ts.
 */
import { type ErrorShape, errorShape, RekindleError } from '../../schemas/errors.ts'
import type { ResourceOutcome } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import type { OnRunEvent } from './event.ts'
import { type Ledger, openLedger } from './ledger.ts'
import type { MemoryStore } from './memory.ts'
import { type Decision, decide, type Plan, plan } from './plan.ts'
import type { Prepared } from './prepare.ts'
import { explain, readAll } from './reading.ts'
import type { Convergence } from './report.ts'
import { takeTurn, type Walk } from './turn.ts'

export interface ConvergeContext {
  readonly host: Host
  readonly memory: MemoryStore
  /** Change nothing, and say what would change. */
  readonly noop: boolean
  /** Milliseconds of a clock that does not go back. */
  readonly now: () => number
  /** Aborted: the resource at hand is finished, the others are skipped. */
  readonly signal?: AbortSignal
  readonly onEvent?: OnRunEvent
}

/** Converges the host. Failures of resources are outcomes, not errors. */
export async function converge(prepared: Prepared, context: ConvergeContext): Promise<Convergence> {
  const total = prepared.items.length
  const ledger = openLedger(prepared, context.memory, context)
  const actual = await readAll(context.host, prepared)
  const decisions = decideAll(prepared, actual, ledger)
  let outcomes: readonly ResourceOutcome[] = []
  if (isAtRest(prepared, decisions, ledger)) {
    for (const item of prepared.items) ledger.inSync(item)
  } else {
    ledger.expect(prepared.items.filter((_, index) => decisions[index]?.kind === 'change'))
    outcomes = await walkThrough(prepared, context, { ledger, actual })
  }
  const stopped = context.signal?.aborted === true && outcomes.some(isStopped)
  const error = close(ledger, outcomes) ?? (stopped ? errorShape(stopError()) : undefined)
  return { total, outcomes, ...(error === undefined ? {} : { error }) }
}

/** What a run would do now, for people. Writes nothing. */
export async function planNow(
  prepared: Prepared,
  { host, memory }: Pick<ConvergeContext, 'host' | 'memory'>,
): Promise<Plan> {
  const ledger = openLedger(prepared, memory, { noop: true })
  const decisions = decideAll(prepared, await readAll(host, prepared), ledger)
  const explained: Decision[] = []
  for (const [index, item] of prepared.items.entries()) {
    const decision = decisions[index] ?? { kind: 'in-sync' }
    const differs = decision.kind === 'change' || decision.kind === 'leave'
    explained.push(differs ? { ...decision, changes: await explain(host, item, decision) } : decision)
  }
  return plan(prepared, explained, ledger.before)
}

function decideAll(
  prepared: Prepared,
  actual: ReadonlyMap<ResourceId, unknown>,
  { before }: Ledger,
): readonly Decision[] {
  const context = { memory: before, policy: prepared.catalog.drift }
  return prepared.items.map((item) => decide(item, actual.get(item.wanted.id), context))
}

function isAtRest(prepared: Prepared, decisions: readonly Decision[], ledger: Ledger): boolean {
  if (decisions.some(({ kind }) => kind !== 'in-sync')) return false
  return (
    ledger.before.owed.size === 0 ||
    prepared.items.every(({ wanted }) => ledger.owedBy(wanted.id) === undefined)
  )
}

async function walkThrough(
  prepared: Prepared,
  { host, noop, now, signal, onEvent }: ConvergeContext,
  { ledger, actual }: { ledger: Ledger; actual: ReadonlyMap<ResourceId, unknown> },
): Promise<readonly ResourceOutcome[]> {
  const walk: Walk = { prepared, host, ledger, noop, blame: new Map(), pending: new Set(), touched: false }
  const total = prepared.items.length
  const outcomes: ResourceOutcome[] = []
  for (const [done, item] of prepared.items.entries()) {
    const { id, where } = item.wanted
    if (signal?.aborted === true) {
      outcomes.push({ id, where, outcome: 'skipped', changes: [], skippedBecause: [], durationMs: 0 })
      continue
    }
    onEvent?.({ type: 'resource-started', id, done, total })
    const startedAt = now()
    const turn = await takeTurn(walk, item, actual.get(id))
    if (turn === undefined) continue
    const outcome = { id, where, ...turn, durationMs: Math.max(0, now() - startedAt) }
    outcomes.push(outcome)
    onEvent?.({ type: 'resource-finished', outcome, done: done + 1, total })
  }
  return outcomes
}

/** Writes the run's end down; what keeps it from that is the run's error, and the next run finds the rest itself. */
function close(ledger: Ledger, outcomes: readonly ResourceOutcome[]): ErrorShape | undefined {
  try {
    ledger.close(outcomes.every(({ outcome }) => outcome === 'changed' || outcome === 'in-sync'))
    return undefined
  } catch (error) {
    return errorShape(error)
  }
}

/** A resource that the stop left out, unlike one that waits for a failure. */
function isStopped({ outcome, skippedBecause }: ResourceOutcome): boolean {
  return outcome === 'skipped' && skippedBecause?.length === 0
}

function stopError(): RekindleError {
  return new RekindleError({
    code: 'run-stopped',
    message: 'Cannot finish the run: the agent was asked to stop',
    kept: 'what was converged before; the next run does the rest',
  })
}
