/** One resource's turn in a walk: what is done with it, and the outcome that the report tells. */
import { type ErrorShape, errorShape, RekindleError } from '../../schemas/errors.ts'
import type { Change, ResourceOutcome } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import { blockedBy } from './graph.ts'
import type { Ledger } from './ledger.ts'
import { type Decision, decide } from './plan.ts'
import { groupByType, type Item, type Prepared } from './prepare.ts'
import { explain, readAll, readOne } from './reading.ts'
import { whyWithheld } from './schedule.ts'
import { withoutBackups, withoutValues } from './secret.ts'

/** What the turns of one walk share. */
export interface Walk {
  readonly prepared: Prepared
  readonly host: Host
  readonly ledger: Ledger
  readonly noop: boolean
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Failed and skipped resources, and who is to blame. */
  readonly blame: Map<string, readonly ResourceId[]>
  /** In a no-op run: those that would change, or cannot be told before others have. */
  readonly pending: Set<string>
  /** How often something was changed in this walk; what was read before the last of them may no longer hold. */
  touches: number
  /** The last bulk reading, and the `touches` that it was made after. */
  reading: { readonly actual: ReadonlyMap<ResourceId, unknown>; readonly asOf: number }
}

/** An outcome without what the walk adds to all of them. */
export type TurnOutcome = Omit<ResourceOutcome, 'id' | 'where' | 'durationMs'>

const verbs = {
  'apply-failed': 'apply',
  'refresh-failed': 'refresh',
  'verify-failed': 'verify',
  'resource-unreadable': 'read',
} as const

export type Differing = Extract<Decision, { kind: 'change' | 'leave' }>

/** Reads several resources of one type at once, where something was changed since they were last read. */
export async function readAgain(walk: Walk, items: readonly Item[]): Promise<void> {
  const { actual, asOf } = walk.reading
  // What was read last may have been others, after a batch of them.
  const isKnown = asOf === walk.touches && items.every(({ wanted }) => actual.has(wanted.id))
  if (items.length < 2 || isKnown) return
  walk.reading = { actual: await readAll(walk.host, groupByType(items)), asOf: walk.touches }
}

/**
 * Brings one resource to what is wanted and refreshes it when that is owed.
 *
 * @returns undefined when it was in sync and nothing was done
 */
export async function takeTurn(walk: Walk, item: Item): Promise<TurnOutcome | undefined> {
  const { id } = item.wanted
  const blocked = blockedBy(walk.prepared.dependencies, walk.blame, id)
  if (blocked.length > 0) {
    walk.blame.set(id, blocked)
    return { outcome: 'skipped', changes: [], skippedBecause: [...blocked] }
  }
  const { reading } = walk
  const known = reading.asOf === walk.touches ? reading.actual.get(id) : undefined
  const actual = known === undefined || known instanceof Error ? await readOne(walk.host, item) : known
  const decision = decideIn(walk, item, actual)
  switch (decision.kind) {
    case 'in-sync':
      walk.ledger.inSync(item)
      return finish(walk, item, { actual })
    case 'unreadable':
      return unreadable(walk, item, decision.error)
    case 'leave':
      return leave(item, { ...decision, changes: await explain(walk.host, item, decision) })
    case 'change': {
      const changes = await explain(walk.host, item, decision)
      const why = whyHeld(walk, item)
      if (why === undefined) return change(walk, item, { ...decision, changes })
      const { cause, audited } = decision
      return hold(walk, item, {
        ...{ outcome: 'pending', cause, changes: [...changes] },
        ...(audited.length === 0 ? {} : { audited: [...audited] }),
        ...why,
      })
    }
    default:
      return decision satisfies never
  }
}

/** Compares with what the run remembers and with the catalog's policy. */
export function decideIn({ ledger, prepared }: Walk, item: Item, actual: unknown): Decision {
  return decide(item, actual, { memory: ledger.before, policy: prepared.catalog.drift })
}

/** Why nothing may be done to a resource now, in the words of its outcome; undefined when it may be changed. */
export function whyHeld(walk: Walk, item: Item): Pick<TurnOutcome, 'withheld'> | undefined {
  if (item.noop ?? walk.noop) return {}
  if (item.schedule === undefined) return undefined
  const changedAt = walk.ledger.before.changedAt.get(item.wanted.id) ?? []
  const withheld = whyWithheld(item.schedule, walk.now(), changedAt)
  return withheld === undefined ? undefined : { withheld }
}

/** Drift that the policy leaves, or differences that are only audited. */
function leave(item: Item, { cause, changes, audited }: Differing): TurnOutcome {
  if (item.audit === undefined) return { outcome: 'drifted', cause, changes: [...changes] }
  const outcome = audited.length === changes.length ? 'pending' : 'drifted'
  return { outcome, cause, changes: [...changes], audited: [...audited] }
}

/** What is told of a resource that was changed. */
export function toldOf({ cause, changes, audited }: Differing): TurnOutcome {
  return {
    ...{ outcome: 'changed', cause, changes: [...changes] },
    ...(audited.length === 0 ? {} : { audited: [...audited] }),
  }
}

function hostOf({ host }: Walk, { hasSecrets }: Item): Host {
  return hasSecrets ? withoutBackups(host) : host
}

async function change(walk: Walk, item: Item, decision: Differing): Promise<TurnOutcome> {
  const { type } = item
  const told = toldOf(decision)
  const enforcing = decision.changes.filter(({ property }) => !decision.audited.includes(property))
  const wanted = decision.audited.length > 0 ? item.enforced : item.wanted
  try {
    walk.ledger.begin([item])
    walk.touches++
    Object.assign(told, await type.apply(hostOf(walk, item), wanted, decision.actual, enforcing))
  } catch (error) {
    if (await isUntouched(walk, item, decision)) walk.ledger.takeBack(item)
    return fail(walk, item, { ...told, error: shapeOf(error, item, 'apply-failed') })
  }
  const unheld = await verify(walk, item)
  if (unheld !== undefined) return fail(walk, item, { ...told, error: unheld })
  return settle(walk, item, { actual: decision.actual, told })
}

/** After a change that holds. */
export async function settle(
  walk: Walk,
  item: Item,
  { actual, told }: { actual: unknown; told: TurnOutcome },
): Promise<TurnOutcome> {
  walk.ledger.changed(item, walk.now())
  walk.ledger.inSync(item)
  return (await finish(walk, item, { actual, told })) ?? told
}

/** After a resource is as wanted: the refresh that it is owed. */
async function finish(
  walk: Walk,
  item: Item,
  { actual, told }: { actual: unknown; told?: TurnOutcome },
): Promise<TurnOutcome | undefined> {
  const by = walk.ledger.owedBy(item.wanted.id)
  if (by === undefined) return told
  const why = whyHeld(walk, item)
  if (why !== undefined)
    return hold(walk, item, told ?? { outcome: 'pending', changes: [owedRefresh(by)], ...why })
  if (item.type.refresh === undefined) {
    walk.ledger.refreshed(item.wanted.id)
    return told
  }
  const base = told ?? { outcome: 'in-sync', changes: [] }
  try {
    // A refreshed resource notifies in its turn, as in Puppet.
    walk.ledger.begin([item])
    walk.touches++
    Object.assign(base, await item.type.refresh(hostOf(walk, item), item.wanted, actual))
    walk.ledger.refreshed(item.wanted.id)
  } catch (error) {
    return fail(walk, item, { ...base, error: shapeOf(refreshError(item, error), item, 'refresh-failed') })
  }
  return { ...base, refreshed: [...by] }
}

async function verify(walk: Walk, item: Item): Promise<ErrorShape | undefined> {
  // An exec without a guard has no state that could tell: that its command succeeded is all there is to know.
  if (!item.canDrift) return undefined
  const decision = decideIn(walk, item, await readOne(walk.host, item))
  if (isSettled(decision)) return undefined
  if (decision.kind === 'unreadable') return shapeOf(decision.error, item, 'verify-failed')
  const changes = item.hasSecrets ? withoutValues(decision.changes) : decision.changes
  const left = changes.map(({ property, from, to }) => `${property} is ${quote(from)}, not ${quote(to)}`)
  return {
    code: 'verify-failed',
    message: `Cannot verify ${item.wanted.id}: after its change ${left.join(', ')}`,
    where: item.wanted.where,
    hint: 'Something else changes it back, or the wanted value cannot be held',
  }
}

/** In sync, or different only in what is audited. */
export function isSettled(decision: Decision): decision is Extract<Decision, { kind: 'in-sync' | 'leave' }> {
  if (decision.kind === 'in-sync') return true
  return decision.kind === 'leave' && decision.audited.length === decision.changes.length
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
