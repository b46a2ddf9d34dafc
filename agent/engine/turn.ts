/** One resource's turn in a walk: what is done with it, and the outcome that the report tells. */
import { type ErrorShape, errorShape, RekindleError } from '../../schemas/errors.ts'
import type { Change, ResourceOutcome } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import { blockedBy } from './graph.ts'
import type { Ledger } from './ledger.ts'
import { type Decision, decide } from './plan.ts'
import type { Item, Prepared } from './prepare.ts'
import { explain, readOne } from './reading.ts'

/** What the turns of one walk share. */
export interface Walk {
  readonly prepared: Prepared
  readonly host: Host
  readonly ledger: Ledger
  readonly noop: boolean
  /** Failed and skipped resources, and who is to blame. */
  readonly blame: Map<string, readonly ResourceId[]>
  /** In a no-op run: those that would change, or cannot be told before others have. */
  readonly pending: Set<string>
  /** Whether something was changed in this walk, so that what was read before it no longer holds. */
  touched: boolean
}

/** An outcome without what the walk adds to all of them. */
export type TurnOutcome = Omit<ResourceOutcome, 'id' | 'where' | 'durationMs'>

const verbs = {
  'apply-failed': 'apply',
  'refresh-failed': 'refresh',
  'verify-failed': 'verify',
  'resource-unreadable': 'read',
} as const

type Differing = Extract<Decision, { kind: 'change' | 'leave' }>

/**
 * Brings one resource to what is wanted and refreshes it when that is owed.
 *
 * @param bulk what the bulk reading found of it
 * @returns undefined when it was in sync and nothing was done
 */
export async function takeTurn(walk: Walk, item: Item, bulk: unknown): Promise<TurnOutcome | undefined> {
  const { id } = item.wanted
  const blocked = blockedBy(walk.prepared.dependencies, walk.blame, id)
  if (blocked.length > 0) {
    walk.blame.set(id, blocked)
    return { outcome: 'skipped', changes: [], skippedBecause: [...blocked] }
  }
  const actual = walk.touched || bulk instanceof Error ? await readOne(walk.host, item) : bulk
  const decision = decide(item, actual, { memory: walk.ledger.before, policy: walk.prepared.catalog.drift })
  switch (decision.kind) {
    case 'in-sync':
      walk.ledger.inSync(item)
      return finish(walk, item, { actual })
    case 'unreadable':
      return unreadable(walk, item, decision.error)
    case 'leave':
      return {
        outcome: 'drifted',
        cause: decision.cause,
        changes: [...(await explain(walk.host, item, decision))],
      }
    case 'change': {
      const changes = await explain(walk.host, item, decision)
      if (walk.noop || item.noop)
        return hold(walk, item, { outcome: 'pending', cause: decision.cause, changes: [...changes] })
      return change(walk, item, { ...decision, changes })
    }
    default:
      return decision satisfies never
  }
}

async function change(walk: Walk, item: Item, decision: Differing): Promise<TurnOutcome> {
  const { wanted, type } = item
  const told: TurnOutcome = { outcome: 'changed', cause: decision.cause, changes: [...decision.changes] }
  try {
    walk.ledger.begin(item)
    walk.touched = true
    await type.apply(walk.host, wanted, decision.actual, decision.changes)
  } catch (error) {
    if (await isUntouched(walk, item, decision)) walk.ledger.takeBack(item)
    return fail(walk, item, { ...told, error: shapeOf(error, item, 'apply-failed') })
  }
  const unheld = await verify(walk, item)
  if (unheld !== undefined) return fail(walk, item, { ...told, error: unheld })
  walk.ledger.inSync(item)
  return (await finish(walk, item, { actual: decision.actual, told })) ?? told
}

/** After a resource is as wanted: the refresh that it is owed. */
async function finish(
  walk: Walk,
  item: Item,
  { actual, told }: { actual: unknown; told?: TurnOutcome },
): Promise<TurnOutcome | undefined> {
  const by = walk.ledger.owedBy(item.wanted.id)
  if (by === undefined) return told
  if (walk.noop || item.noop) return hold(walk, item, { outcome: 'pending', changes: [owedRefresh(by)] })
  if (item.type.refresh === undefined) {
    walk.ledger.refreshed(item.wanted.id)
    return told
  }
  const base = told ?? { outcome: 'in-sync', changes: [] }
  try {
    // A refreshed resource notifies in its turn, as in Puppet.
    walk.ledger.begin(item)
    walk.touched = true
    await item.type.refresh(walk.host, item.wanted, actual)
    walk.ledger.refreshed(item.wanted.id)
  } catch (error) {
    return fail(walk, item, { ...base, error: shapeOf(refreshError(item, error), item, 'refresh-failed') })
  }
  return { ...base, refreshed: [...by] }
}

async function verify(walk: Walk, item: Item): Promise<ErrorShape | undefined> {
  // An exec without a guard has no state that could tell: that its command succeeded is all there is to know.
  if (!item.canDrift) return undefined
  const decision = decide(item, await readOne(walk.host, item), {
    memory: walk.ledger.before,
    policy: walk.prepared.catalog.drift,
  })
  if (decision.kind === 'in-sync') return undefined
  if (decision.kind === 'unreadable') return shapeOf(decision.error, item, 'verify-failed')
  const left = decision.changes.map(
    ({ property, from, to }) => `${property} is ${quote(from)}, not ${quote(to)}`,
  )
  return {
    code: 'verify-failed',
    message: `Cannot verify ${item.wanted.id}: after its change ${left.join(', ')}`,
    where: item.wanted.where,
    hint: 'Something else changes it back, or the wanted value cannot be held',
  }
}

/** Whether a failed change left exactly what was there before it. */
async function isUntouched(walk: Walk, item: Item, { actual }: Differing): Promise<boolean> {
  const now = decide(item, await readOne(walk.host, item), { memory: walk.ledger.before, policy: 'correct' })
  if (now.kind !== 'change') return false
  return JSON.stringify(now.changes) === JSON.stringify(item.type.diff(item.wanted, actual))
}

function unreadable(walk: Walk, item: Item, error: unknown): TurnOutcome {
  const shape = shapeOf(error, item, 'resource-unreadable')
  const waits = walk.prepared.dependencies.get(item.wanted.id)?.some((id) => walk.pending.has(id)) === true
  // In a no-op run, what it needs may only be there once something that it depends on has been applied.
  if (walk.noop && waits) return hold(walk, item, { outcome: 'pending', changes: [], error: shape })
  return fail(walk, item, { outcome: 'failed', changes: [], error: shape })
}

function fail(walk: Walk, item: Item, outcome: TurnOutcome): TurnOutcome {
  walk.blame.set(item.wanted.id, [item.wanted.id])
  return { ...outcome, outcome: 'failed' }
}

function hold(walk: Walk, item: Item, outcome: TurnOutcome): TurnOutcome {
  walk.pending.add(item.wanted.id)
  return outcome
}

function owedRefresh(by: readonly ResourceId[]): Change {
  return { property: 'refresh', from: null, to: `owed since ${by.join(', ')} changed` }
}

function refreshError(item: Item, cause: unknown): RekindleError {
  const known = cause instanceof RekindleError ? { kept: cause.kept, hint: cause.hint } : {}
  const message = `Cannot refresh ${item.wanted.id}`
  return new RekindleError({ code: 'refresh-failed', message, where: item.wanted.where, cause, ...known })
}

/** What a type threw, for the report; anything but a RekindleError gets a code and a sentence. */
function shapeOf(error: unknown, { wanted }: Item, code: keyof typeof verbs): ErrorShape {
  if (error instanceof RekindleError) return { where: wanted.where, ...errorShape(error) }
  return errorShape(
    new RekindleError({
      code,
      message: `Cannot ${verbs[code]} ${wanted.id}`,
      where: wanted.where,
      cause: error,
    }),
  )
}

function quote(value: string | null): string {
  return value === null ? 'nothing' : JSON.stringify(value)
}
