/** Pure: the legal moves of a rebuild. What the states mean is in state.ts. */
import { RekindleError } from '../../schemas/errors.ts'
import { type RebuildOrder, type RebuildState, rebuildOrders } from './state.ts'

/** `done`: the state's work is done. `failed`: it cannot be. `resume` and `cancel` are a person's. */
export type RebuildEvent = 'done' | 'failed' | 'resume' | 'cancel'

export interface Position {
  readonly order: RebuildOrder
  readonly state: RebuildState
  /** The state in which it failed; null unless held. */
  readonly heldFrom: RebuildState | null
}

/**
 * States whose failure says that the new machine is no good. A resume makes another one from bare, with an incarnation
 * of its own: a machine that was mended by hand would prove nothing.
 */
const madeAnew: readonly RebuildState[] = ['creating', 'enrolling', 'converging', 'proving']

/** @throws RekindleError `conflict` for a move that is not legal. */
export function next(at: Position, event: RebuildEvent): Position {
  switch (event) {
    case 'done':
      return { order: at.order, state: following(at), heldFrom: null }
    case 'failed':
      if (isEnd(at.state) || at.state === 'held') throw illegal(at, event, 'nothing is under way')
      return { order: at.order, state: 'held', heldFrom: at.state }
    case 'resume':
      if (at.state !== 'held' || at.heldFrom === null) throw illegal(at, event, 'it is not held')
      return {
        order: at.order,
        state: madeAnew.includes(at.heldFrom) ? 'creating' : at.heldFrom,
        heldFrom: null,
      }
    case 'cancel':
      if (isEnd(at.state)) throw illegal(at, event, 'it has ended')
      // From here on the old one has lost its certificate and its name: there is nothing to go back to.
      if ((at.heldFrom ?? at.state) === 'destroying') {
        throw illegal(at, event, 'the old machine is being destroyed already')
      }
      return { order: at.order, state: 'cancelled', heldFrom: null }
    default:
      throw illegal(at, event satisfies never, 'there is no such event')
  }
}

export function isEnd(state: RebuildState): boolean {
  return state === 'in-service' || state === 'cancelled'
}

function following(at: Position): RebuildState {
  const order: readonly RebuildState[] = rebuildOrders[at.order]
  const index = order.indexOf(at.state)
  const following = index < 0 ? undefined : order[index + 1]
  if (following === undefined) throw illegal(at, 'done', 'nothing follows')
  return following
}

const verbs: Record<RebuildEvent, string> = {
  done: 'move on',
  failed: 'hold',
  resume: 'resume',
  cancel: 'cancel',
}

function illegal(at: Position, event: RebuildEvent, reason: string): RekindleError {
  const state = at.state === 'held' ? `held in "${at.heldFrom}"` : `"${at.state}"`
  return new RekindleError({
    code: 'conflict',
    message: `Cannot ${verbs[event]} the rebuild: ${reason}`,
    found: `a rebuild (${at.order}) that is ${state}`,
    kept: 'the rebuild, as it was',
  })
}
