/** Resources that a type changes together: one apt-get for a hundred packages. */

import { blockedBy } from './graph.ts'
import type { Item } from './prepare.ts'
import { explain } from './reading.ts'
import {
  type Differing,
  decideIn,
  isSettled,
  readAgain,
  settle,
  type TurnOutcome,
  toldOf,
  type Walk,
  whyHeld,
} from './turn.ts'

/** One resource that is to be changed together with others. */
export interface BatchStep {
  readonly item: Item
  readonly decision: Differing
}

const none: readonly BatchStep[] = []

/** Those of a stretch that may be changed now and can be changed together; empty where that is fewer than two. */
export function batchOf(walk: Walk, stretch: readonly Item[]): readonly BatchStep[] {
  if (stretch.length < 2 || stretch[0]?.type.applyMany === undefined) return none
  if (walk.reading.asOf !== walk.touches) return none
  const steps = stretch.flatMap((item) => {
    const { id } = item.wanted
    if (item.hasSecrets) return []
    if (blockedBy(walk.prepared.dependencies, walk.blame, id).length > 0 || whyHeld(walk, item) !== undefined)
      return []
    const actual = walk.reading.actual.get(id)
    if (actual === undefined) return []
    const decision = decideIn(walk, item, actual)
    return decision.kind === 'change' && decision.audited.length === 0 ? [{ item, decision }] : []
  })
  return steps.length < 2 ? none : steps
}

/**
 * Changes them with one call. Those that hold after it have an outcome; the others, after a failure, are left for their
 * own turns, which tell whose failure it was.
 */
export async function takeTogether(
  walk: Walk,
  batch: readonly BatchStep[],
): Promise<ReadonlyMap<Item, TurnOutcome>> {
  const outcomes = new Map<Item, TurnOutcome>()
  const [first] = batch
  if (first === undefined) return outcomes
  const told = new Map<Item, TurnOutcome>()
  for (const { item, decision } of batch)
    told.set(item, toldOf({ ...decision, changes: await explain(walk.host, item, decision) }))
  const items = batch.map(({ item }) => item)
  try {
    walk.ledger.begin(items)
    walk.touches++
    const steps = batch.map(({ item, decision: { actual, changes } }) => ({
      wanted: item.wanted,
      actual,
      changes,
    }))
    await first.item.type.applyMany?.(walk.host, steps)
  } catch {
    // Each that still differs fails, or succeeds, at its own turn, and says why.
  }
  await readAgain(walk, items)
  const { actual } = walk.reading
  for (const { item, decision } of batch) {
    if (!isSettled(decideIn(walk, item, actual.get(item.wanted.id)))) continue
    const outcome = told.get(item) ?? toldOf(decision)
    outcomes.set(item, await settle(walk, item, { actual: decision.actual, told: outcome }))
  }
  return outcomes
}
