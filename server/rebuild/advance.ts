/** Takes one rebuild as far as it can go now: a step, its end stored, and the next look at what is. */
import { errorShape } from '../../schemas/errors.ts'
import { findRebuild, type Rebuild, stepStartedAt, updateRebuild } from '../store/rebuild.ts'
import { transact } from '../store/statement.ts'
import type { RebuildLimits, RebuildPorts } from './ports.ts'
import type { AskedRun, Scene, StepEnd } from './scene.ts'
import { type Step, steps } from './step.ts'
import { endCancelled, move, setWaiting } from './transition.ts'

export interface Engine {
  readonly ports: RebuildPorts
  readonly limits: RebuildLimits
  readonly startedAt: number
  readonly asked: Map<string, AskedRun>
  /** Aborted when the server stops: the step under way ends, and no other begins. */
  readonly signal: AbortSignal
}

/** @returns whether it came any further. */
export async function advance(engine: Engine, id: string): Promise<boolean> {
  let progress = false
  while (!engine.signal.aborted) {
    const row = findRebuild(engine.ports.db, id)
    const step = row === undefined || row.endedAt !== null ? undefined : steps[row.state]
    if (row === undefined || step === undefined) break
    if (!settle(engine.ports, row, await attempt(engine, step, row))) break
    progress = true
  }
  return progress
}

async function attempt(engine: Engine, step: Step, row: Rebuild): Promise<StepEnd> {
  const { ports } = engine
  if (ports.driver === undefined) return { end: 'wait', why: 'no machine driver is configured' }
  const scene: Scene = {
    ...engine,
    driver: ports.driver,
    row,
    since: Math.max(stepStartedAt(ports.db, row.id), engine.startedAt),
    isCurrent: () => isAt(ports, row),
  }
  try {
    return await step(scene)
  } catch (error) {
    return { end: 'failed', why: errorShape(error).message }
  }
}

/** Stores how a step ended; true when there may be more to do at once. */
function settle(ports: RebuildPorts, row: Rebuild, ended: StepEnd): boolean {
  switch (ended.end) {
    case 'done':
      try {
        move(ports, row, { event: 'done', by: 'server', ...ended })
      } catch (error) {
        return settle(ports, row, { end: 'failed', why: errorShape(error).message })
      }
      return true
    case 'failed':
      if (row.state !== 'cancelled') {
        move(ports, row, { event: 'failed', by: 'server', detail: ended.why })
        return true
      }
      // A person gave it up already, so there is no one to hold it for: it is tried again with the next look.
      setWaiting(ports, row, ended.why)
      return false
    case 'wait':
      transact(ports.db, () => {
        if (isAt(ports, row)) setWaiting(ports, row, ended.why)
      })
      return false
    case 'again':
      transact(ports.db, () => {
        if (isAt(ports, row)) updateRebuild(ports.db, row.id, ended.fields)
      })
      return true
    case 'ended':
      endCancelled(ports, row, ended.detail)
      return true
    default:
      return ended satisfies never
  }
}

/** Whether the rebuild still is where `row` has it. */
function isAt({ db }: RebuildPorts, row: Rebuild): boolean {
  const now = findRebuild(db, row.id)
  return now?.state === row.state && now.to === row.to && now.endedAt === null
}
