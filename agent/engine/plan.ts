/**
 * Pure: what a run would do, as a value that prints and serialises. It is for showing: converge() reads and decides
 * each resource again at its own turn, through the same decide().
 */
import { type ErrorShape, errorShape } from '../../schemas/errors.ts'
import type { Change } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import { type Cause, causeOf } from './cause.ts'
import type { Memory } from './memory.ts'
import type { Item, Prepared } from './prepare.ts'

/**
 * What is to be done with one resource.
 *
 * in-sync     nothing
 * change      apply `changes`
 * leave       it drifted, and the catalog's policy is to leave drift as found; or all that differs is only audited
 * unreadable  its state cannot be told, so it fails (or, in no-op mode, waits for what it depends on)
 */
export type Decision =
  | { readonly kind: 'in-sync' }
  | {
      readonly kind: 'change'
      readonly cause: Cause
      readonly changes: readonly Change[]
      readonly actual: unknown
      /** Properties among `changes` that are only reported. */
      readonly audited: readonly string[]
    }
  | {
      readonly kind: 'leave'
      readonly cause: Cause
      readonly changes: readonly Change[]
      readonly actual: unknown
      readonly audited: readonly string[]
    }
  | { readonly kind: 'unreadable'; readonly error: unknown }

export interface DecisionContext {
  readonly memory: Memory
  readonly policy: 'report' | 'correct' | 'rebuild'
}

/** Compares one resource with what was read of it; a `diff` that throws makes it unreadable. */
export function decide(item: Item, actual: unknown, { memory, policy }: DecisionContext): Decision {
  if (actual instanceof Error) return { kind: 'unreadable', error: actual }
  let changes: readonly Change[]
  try {
    changes = item.type.diff(item.wanted, actual)
  } catch (error) {
    return { kind: 'unreadable', error }
  }
  if (changes.length === 0) return { kind: 'in-sync' }
  const cause = causeOf(memory, item.wanted.id, { paramsHash: item.paramsHash(), canDrift: item.canDrift })
  const audited = auditedAmong(item, actual, changes)
  const isLeft = audited.length === changes.length || (cause === 'drift' && policy !== 'correct')
  return { kind: isLeft ? 'leave' : 'change', cause, changes, actual, audited }
}

/** What is made new is made as declared; what is there keeps its audited properties. */
function auditedAmong(
  { audit, type, enforced }: Item,
  actual: unknown,
  changes: readonly Change[],
): readonly string[] {
  if (audit === undefined) return []
  const properties = changes.map(({ property }) => property)
  if (audit === true) return properties
  if (properties.includes('ensure')) return []
  const enforcing = new Set(type.diff(enforced, actual).map(({ property }) => property))
  return properties.filter((property) => !enforcing.has(property))
}

export interface Plan {
  readonly host: string
  readonly revision: string
  readonly catalogHash: string
  readonly total: number
  /** Only what is not in sync, or is owed a refresh. */
  readonly resources: readonly PlannedResource[]
}

export interface PlannedResource {
  readonly id: ResourceId
  readonly where: string
  readonly action: 'change' | 'leave' | 'fail' | 'refresh'
  readonly cause?: Cause
  readonly changes: readonly Change[]
  /** Whose changes ask for the refresh that is owed. */
  readonly refreshedBy?: readonly ResourceId[]
  readonly error?: ErrorShape
}

/** The plan that follows from one decision for each of `prepared.items`, in their order. */
export function plan(prepared: Prepared, decisions: readonly Decision[], memory: Memory): Plan {
  return {
    host: prepared.catalog.host,
    revision: prepared.catalog.revision,
    catalogHash: prepared.catalogHash,
    total: prepared.items.length,
    resources: prepared.items.flatMap((item, index) => {
      const decision = decisions[index] ?? { kind: 'in-sync' }
      const planned = planOne(item, decision, memory.owed.get(item.wanted.id))
      return planned === undefined ? [] : [planned]
    }),
  }
}

function planOne(
  item: Item,
  decision: Decision,
  owedBy: readonly ResourceId[] | undefined,
): PlannedResource | undefined {
  const { id, where } = item.wanted
  const refreshedBy = owedBy === undefined ? {} : { refreshedBy: owedBy }
  switch (decision.kind) {
    case 'in-sync':
      return owedBy === undefined ? undefined : { id, where, action: 'refresh', changes: [], ...refreshedBy }
    case 'change':
    case 'leave':
      return {
        id,
        where,
        action: decision.kind,
        cause: decision.cause,
        changes: decision.changes,
        ...refreshedBy,
      }
    case 'unreadable':
      return { id, where, action: 'fail', changes: [], error: errorShape(decision.error) }
    default:
      return decision satisfies never
  }
}
