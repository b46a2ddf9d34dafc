/**
 * The one pass over a catalog: read everything in bulk; when all is as wanted, done. Otherwise walk in the catalog's
 * order, and for each resource: read again, decide, apply, read again to verify, refresh. A failure skips what depends
 * on it and nothing else. This is a shell: what is to be done is decided in plan.ts, what is remembered in ledger.ts.
 */
import { type ErrorShape, errorShape, RekindleError } from '../../schemas/errors.ts'
import type { ResourceOutcome } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import { batchOf, takeTogether } from './batch.ts'
import type { OnRunEvent } from './event.ts'
import { stretchesOf } from './graph.ts'
import { type Ledger, openLedger } from './ledger.ts'
import type { MemoryStore } from './memory.ts'
import { type Decision, decide, type Plan, plan } from './plan.ts'
import type { Item, Prepared, Selection } from './prepare.ts'
import { explain, readAll } from './reading.ts'
import type { Convergence } from './report.ts'
import { select } from './selection.ts'
import { readAgain, type TurnOutcome, takeTurn, type Walk } from './turn.ts'

export interface ConvergeContext {
  readonly host: Host
  readonly memory: MemoryStore
  /** Change nothing, and say what would change. */
  readonly noop: boolean
  /** Milliseconds since the epoch, for schedules and durations. */
  readonly now: () => number
  /** Limits the run to a part of the catalog. */
  readonly selection?: Selection
  /** Aborted: the resource at hand is finished, the others are skipped. */
  readonly signal?: AbortSignal
  readonly onEvent?: OnRunEvent
}

/** Converges the host. Failures of resources are outcomes, not errors. */
export async function converge(whole: Prepared, context: ConvergeContext): Promise<Convergence> {
  const prepared = select(whole, context.selection ?? {})
  const total = prepared.items.length
  // Of a run that was killed.
  if (!context.noop) await context.host.asides.clear()
  const ledger = openLedger(prepared, context.memory, context)
  const actual = await readAll(context.host, prepared.byType)
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
  whole: Prepared,
  { host, memory, selection = {} }: Pick<ConvergeContext, 'host' | 'memory' | 'selection'>,
): Promise<Plan> {
  const prepared = select(whole, selection)
  const ledger = openLedger(prepared, memory, { noop: true })
  const decisions = decideAll(prepared, await readAll(host, prepared.byType), ledger)
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
  const walk: Walk = {
    ...{ prepared, host, ledger, noop, now },
    blame: new Map(),
    pending: new Set(),
    touches: 0,
    reading: { actual, asOf: 0 },
  }
  const total = prepared.items.length
  const outcomes: ResourceOutcome[] = []
  let done = 0
  const tell = (item: Item, turn: TurnOutcome | undefined, durationMs: number) => {
    done++
    if (turn === undefined) return
    const { id, where } = item.wanted
    const outcome = prepared.redact({ id, where, ...turn, durationMs: Math.max(0, durationMs) })
    outcomes.push(outcome)
    onEvent?.({ type: 'resource-finished', outcome, done, total })
  }
  for (const stretch of stretchesOf(prepared)) {
    const isStopped = () => signal?.aborted === true
    if (!isStopped()) await readAgain(walk, stretch)
    const batch = isStopped() ? [] : batchOf(walk, stretch)
    const startedAt = now()
    for (const { item } of batch) onEvent?.({ type: 'resource-started', id: item.wanted.id, done, total })
    const together = await takeTogether(walk, batch)
    const shareMs = (now() - startedAt) / Math.max(1, together.size)
    for (const item of stretch) {
      const turn = together.get(item)
      if (turn !== undefined) {
        tell(item, turn, shareMs)
        continue
      }
      if (isStopped()) {
        const { id, where } = item.wanted
        outcomes.push({ id, where, outcome: 'skipped', changes: [], skippedBecause: [], durationMs: 0 })
        continue
      }
      onEvent?.({ type: 'resource-started', id: item.wanted.id, done, total })
      const turnedAt = now()
      tell(item, await takeTurn(walk, item), now() - turnedAt)
    }
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
