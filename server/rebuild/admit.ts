/** Lets requested rebuilds through the rails, the oldest first. Each look is a transaction: two never share one place. */
import { listOpenDrift } from '../store/drift.ts'
import { findHost } from '../store/host.ts'
import { findRebuild, listOpenRebuilds, type Rebuild } from '../store/rebuild.ts'
import { transact } from '../store/statement.ts'
import { refusal } from './budget.ts'
import { candidateOf, type FleetOptions, loadFleet } from './fleet.ts'
import type { RebuildPorts } from './ports.ts'
import { move, setWaiting } from './transition.ts'

export function admitAll(ports: RebuildPorts, options: FleetOptions): void {
  for (const row of listOpenRebuilds(ports.db)) {
    if (row.state === 'requested') transact(ports.db, () => admit(ports, row.id, options))
  }
}

function admit(ports: RebuildPorts, id: string, options: FleetOptions): void {
  const row = findRebuild(ports.db, id)
  if (row?.state !== 'requested') return
  const moot = whyMoot(ports, row)
  if (moot !== undefined) {
    move(ports, row, { event: 'cancel', by: 'server', detail: moot })
    return
  }
  const candidate = candidateOf(ports, row)
  const why = refusal(candidate, loadFleet(ports, options), ports.poolOf(row.host))
  if (why !== undefined) {
    setWaiting(ports, row, why)
    return
  }
  move(ports, row, {
    event: 'done',
    by: 'server',
    detail: row.waiting ?? 'nothing held it back',
    ...(candidate.revision === undefined ? {} : { fields: { revision: candidate.revision } }),
  })
}

/** A request that waited may have lost its cause meanwhile. */
function whyMoot(ports: RebuildPorts, row: Rebuild): string | undefined {
  if (row.from === null) return undefined
  if (findHost(ports.db, row.host)?.current !== row.from) return 'that incarnation is not in service any more'
  const isDrift = row.requestedBy === 'policy'
  if (isDrift && listOpenDrift(ports.db, row.from).length === 0) return 'what had drifted is as wanted again'
  return undefined
}
