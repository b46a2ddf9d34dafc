/**
 * One move of a rebuild: the new state and all that becomes true with it, in one transaction, before anything is done
 * about it. Names change hands here, so that no crash can leave a host with two current incarnations or a revoked one.
 */
import { randomUUID } from 'node:crypto'
import { endDriftOfIncarnation } from '../store/drift.ts'
import { createIncarnation, findIncarnation, retireIncarnation, takeOver } from '../store/incarnation.ts'
import {
  endStep,
  findRebuild,
  type Rebuild,
  type RebuildChange,
  startStep,
  updateRebuild,
} from '../store/rebuild.ts'
import { transact } from '../store/statement.ts'
import { voidTokens } from '../store/token.ts'
import { next, type RebuildEvent } from './next.ts'
import type { RebuildPorts } from './ports.ts'
import type { RebuildState } from './state.ts'

export interface Move {
  readonly event: RebuildEvent
  /** Who moves it: `server`, `policy` or `user:<name>`. */
  readonly by: string
  /** What came of the step that ends; why, when it failed. */
  readonly detail: string
  readonly fields?: RebuildChange
  /** More that becomes true with the move. */
  readonly also?: () => void
}

type Ports = Pick<RebuildPorts, 'db' | 'now' | 'revoke' | 'audit' | 'live'>

/**
 * Makes the move if the rebuild still is where `seen` saw it.
 *
 * @returns the rebuild after the move; undefined when it moved or ended meanwhile, and nothing was changed.
 * @throws RekindleError `conflict` for a move that is not legal.
 */
export function move(ports: Ports, seen: Rebuild, change: Move): Rebuild | undefined {
  const { db } = ports
  const moved = transact(db, () => {
    const row = findRebuild(db, seen.id)
    if (row === undefined || row.endedAt !== null || row.state !== seen.state) return undefined
    const now = ports.now()
    const { state, heldFrom } = next(row, change.event)
    change.also?.()
    const entered = enter(ports, row, state)
    updateRebuild(db, row.id, {
      ...change.fields,
      ...entered,
      state,
      heldFrom,
      waiting: change.event === 'failed' ? change.detail : null,
    })
    endStep(db, row.id, change.event === 'resume' ? null : change.detail, now)
    const ended = entered.endedAt !== undefined
    startStep(db, row.id, { state, now, ended, ...(state === 'held' ? { detail: change.detail } : {}) })
    auditMove(ports, row, { ...change, state })
    return findRebuild(db, row.id)
  })
  if (moved !== undefined) {
    ports.live.emit({ type: 'rebuild', host: moved.host, id: moved.id })
    ports.live.emit({ type: 'host', host: moved.host })
  }
  return moved
}

/** Ends a cancelled rebuild whose candidate is destroyed. */
export function endCancelled(ports: Ports, row: Rebuild, detail: string): void {
  transact(ports.db, () => {
    const now = ports.now()
    updateRebuild(ports.db, row.id, { endedAt: now, waiting: null })
    endStep(ports.db, row.id, detail, now)
  })
  ports.live.emit({ type: 'rebuild', host: row.host, id: row.id })
}

/** Says why a rebuild does not go on; null when it only waits for its turn to come. */
export function setWaiting(ports: Pick<Ports, 'db' | 'live'>, row: Rebuild, why: string | null): void {
  if (row.waiting === why) return
  updateRebuild(ports.db, row.id, { waiting: why })
  ports.live.emit({ type: 'rebuild', host: row.host, id: row.id })
}

/** Ends a life in the open transaction: its certificate, its unused tickets, its claim to the name, its drift. */
export function retire(ports: Pick<Ports, 'db' | 'now' | 'revoke'>, id: number, reason: string): void {
  const { db } = ports
  const incarnation = findIncarnation(db, id)
  if (incarnation === undefined || incarnation.state === 'gone') return
  if (incarnation.enrolledAt !== null && incarnation.revokedAt === null) ports.revoke(id, reason)
  voidTokens(db, id)
  retireIncarnation(db, id, ports.now())
  endDriftOfIncarnation(db, id, ports.now())
}

/** What becomes true as a state is entered; gives the fields that go with it. */
function enter(ports: Ports, row: Rebuild, state: RebuildState): RebuildChange {
  const { db } = ports
  switch (state) {
    case 'creating':
      // After a resume: the machine that failed is given up, and removed before the next one is made.
      if (row.to !== null) retire(ports, row.to, `rebuild ${row.id} makes another machine`)
      return { to: createIncarnation(db, row.host, ports.now()).id, runId: null }
    case 'converging':
      if (row.order === 'in-place' && row.to !== null) takeOver(db, row.to, ports.now())
      return { runId: null }
    case 'proving':
      return { runId: randomUUID() }
    case 'destroying':
      if (row.from !== null) retire(ports, row.from, `rebuild ${row.id}: ${row.reason}`)
      if (row.order === 'surge' && row.to !== null) takeOver(db, row.to, ports.now())
      return {}
    case 'in-service':
      return { endedAt: ports.now() }
    case 'cancelled': {
      const made = row.to === null ? undefined : findIncarnation(db, row.to)
      if (made?.state !== 'candidate') return { endedAt: ports.now() }
      retire(ports, made.id, `rebuild ${row.id} was cancelled`)
      return {}
    }
    default:
      return {}
  }
}

const audited: Partial<Record<RebuildState, string>> = {
  admitted: 'rebuild.admitted',
  'in-service': 'rebuild.in-service',
  held: 'rebuild.held',
  cancelled: 'rebuild.cancelled',
}

function auditMove(
  ports: Ports,
  row: Rebuild,
  { event, by, detail, state }: Move & { readonly state: RebuildState },
): void {
  const action = event === 'resume' ? 'rebuild.resumed' : audited[state]
  if (action === undefined) return
  const what = state === 'held' ? `in "${row.state}": ${detail}` : state === 'cancelled' ? detail : row.reason
  ports.audit(by, action, `host:${row.host}`, `rebuild ${row.id}, ${what}`)
}
