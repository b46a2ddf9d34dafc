import type { RebuildRow, RebuildStepRow } from '../../http/view.ts'
import { rebuildOrders } from '../../rebuild/state.ts'

/**
 * One step of a rebuild as the bar shows it. `now`: under way. `stopped`: where a held or cancelled rebuild stands.
 * `todo`: not reached.
 */
export interface StepMark {
  readonly state: RebuildStepRow['state']
  readonly phase: 'done' | 'now' | 'stopped' | 'todo'
  /** When the try at hand began; null when it was not reached. */
  readonly startedAt: string | null
  /** Milliseconds over all finished tries; null when there is none. */
  readonly durationMs: number | null
}

type Rebuild = Pick<RebuildRow, 'order' | 'state' | 'steps'>

/** The whole way of a rebuild in its order, with what is known of each step. */
export function markSteps(rebuild: Rebuild): readonly StepMark[] {
  const stopped = rebuild.state === 'held' || rebuild.state === 'cancelled'
  const last = rebuild.steps.filter(({ state }) => state !== 'held' && state !== 'cancelled').at(-1)
  return rebuildOrders[rebuild.order].map((state) => {
    const tries = rebuild.steps.filter((step) => step.state === state)
    const finished = tries.flatMap(({ durationMs }) => (durationMs === null ? [] : [durationMs]))
    return {
      state,
      phase: phaseOf(),
      startedAt: tries.at(-1)?.startedAt ?? null,
      durationMs: finished.length === 0 ? null : finished.reduce((sum, ms) => sum + ms, 0),
    }

    function phaseOf(): StepMark['phase'] {
      if (rebuild.state === 'in-service') return 'done'
      if (state === rebuild.state) return 'now'
      if (stopped && state === last?.state) return 'stopped'
      return tries.length > 0 ? 'done' : 'todo'
    }
  })
}

/** A step on the strip: where it begins and how wide it is, as shares (0 to 1) of the whole. */
export interface StripPiece {
  readonly step: RebuildStepRow
  readonly offset: number
  readonly width: number
  /** Milliseconds so far. */
  readonly durationMs: number
}

/** Lays the steps out by their clock times; the one under way ends now. */
export function layStrip(steps: readonly RebuildStepRow[], endMs: number): readonly StripPiece[] {
  const first = steps[0]
  if (first === undefined) return []
  const from = Date.parse(first.startedAt)
  const spans = steps.map((step) => {
    const start = Date.parse(step.startedAt)
    return { step, start, durationMs: step.durationMs ?? Math.max(0, endMs - start) }
  })
  const total = Math.max(1, ...spans.map(({ start, durationMs }) => start + durationMs - from))
  return spans.map(({ step, start, durationMs }) => ({
    step,
    offset: (start - from) / total,
    width: durationMs / total,
    durationMs,
  }))
}
