/** Asking for rebuilds, and taking them back: what people, the policy and schedules may do. */
import { randomUUID } from 'node:crypto'
import { RekindleError } from '../../schemas/errors.ts'
import type { Report } from '../../schemas/generated/types.ts'
import { decideDrift } from '../drift/policy.ts'
import { recordDrift } from '../drift/record.ts'
import { listOpenDrift } from '../store/drift.ts'
import { ensureHost, findHost, type Host } from '../store/host.ts'
import { findIncarnation } from '../store/incarnation.ts'
import {
  findRebuild,
  insertRebuild,
  listHostLives,
  listOpenRebuilds,
  openRebuildOf,
  type Rebuild,
  updateRebuild,
  wasActedOn,
} from '../store/rebuild.ts'
import { transact } from '../store/statement.ts'
import { isPerson, longestLived } from './fleet.ts'
import { next } from './next.ts'
import type { RebuildPorts } from './ports.ts'
import type { RebuildOrder } from './state.ts'
import { move } from './transition.ts'

export interface RebuildRequest {
  /** For a person's request: what they say; may be empty. For others: the whole reason. */
  readonly reason: string
  /** `user:<name>`, `policy` or `schedule`. */
  readonly by: string
  readonly causeKey?: string
}

/**
 * Asks for a rebuild. A person's request takes over one that still waits before the rails.
 *
 * @returns the rebuild's id.
 * @throws RekindleError `not-found`, `unsupported` (no driver of ours makes the host's machines) or `conflict`.
 */
export function requestRebuild(ports: RebuildPorts, host: string, request: RebuildRequest): string {
  return transact(ports.db, () => {
    const known = requireHost(ports, host)
    if (ports.driver === undefined || !known.managed) throw unsupported(host)
    const reason = known.current === null ? 'first machine' : reasonOf(request)
    const open = openRebuildOf(ports.db, host)
    if (open !== undefined) return takeOverRequest(ports, open, { ...request, reason })
    const id = randomUUID()
    insertRebuild(ports.db, {
      id,
      host,
      order: orderOf(ports, known),
      reason,
      causeKey: request.causeKey ?? `asked:${id}`,
      requestedBy: request.by,
      requestedAt: ports.now(),
      from: known.current,
    })
    ports.audit(request.by, 'rebuild.requested', `host:${host}`, `rebuild ${id}, ${reason}`)
    emitLater(ports, host, id)
    return id
  })
}

/** Makes the host when there is none of that name, and asks for its first machine. */
export function createHost(ports: RebuildPorts, name: string, by: string): string {
  // Host and machine names become directories, host names and network interfaces.
  if (!/^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) {
    throw new RekindleError({
      code: 'bad-request',
      message: `Cannot make host "${name}": that is no name for a host`,
      wanted: 'a lower-case letter, then letters, digits and hyphens, at most 40 characters',
    })
  }
  if (ports.poolOf(name) === undefined) {
    throw new RekindleError({
      code: 'bad-request',
      message: `Cannot make host "${name}": no rule of the site matches it`,
      hint: 'Add it to `hosts` in site.ts',
    })
  }
  if (ports.driver === undefined) throw unsupported(name)
  return transact(ports.db, () => {
    const known = findHost(ports.db, name)
    if (known !== undefined && known.current !== null) {
      throw new RekindleError({
        code: 'conflict',
        message: `Cannot make host "${name}": it has a machine already`,
      })
    }
    if (known === undefined) {
      ensureHost(ports.db, { name, managed: true }, ports.now())
      ports.audit(by, 'host.created', `host:${name}`, `pool ${ports.poolOf(name)?.name}`)
    }
    return requestRebuild(ports, name, { reason: '', by })
  })
}

/** @throws RekindleError `not-found`, or `conflict` when it is not held. */
export function resumeRebuild(ports: RebuildPorts, id: string, by: string): void {
  moveByPerson(ports, id, { event: 'resume', by, detail: `resumed by ${renderActor(by)}` })
}

/** @throws RekindleError `not-found`, or `conflict` when it has ended or the old machine is being destroyed already. */
export function cancelRebuild(ports: RebuildPorts, id: string, by: string): void {
  moveByPerson(ports, id, { event: 'cancel', by, detail: `cancelled by ${renderActor(by)}` })
}

/** Stores what a report shows of drift and what the policy makes of it, in the transaction that stores the report. */
export function takeReport(ports: RebuildPorts, id: number, report: Report): void {
  const incarnation = findIncarnation(ports.db, id)
  if (incarnation === undefined) return
  const { host } = incarnation
  const seen = recordDrift(ports.db, { incarnation: id, host, report }, ports.now())
  if (seen.opened.length + seen.closed.length + seen.updated.length > 0) {
    queueMicrotask(() => ports.live.emit({ type: 'drift', host, id: report.id }))
  }
  const decision = decideDrift({
    host,
    incarnation: incarnation.number,
    current: incarnation.state === 'current',
    managed: ports.driver !== undefined && findHost(ports.db, host)?.managed === true,
    pool: ports.poolOf(host),
    open: listOpenDrift(ports.db, id),
    report,
    underWay: openRebuildOf(ports.db, host) !== undefined,
    actedOn: (causeKey) => wasActedOn(ports.db, causeKey),
  })
  if (decision.rebuild) requestRebuild(ports, host, { ...decision, by: 'policy' })
}

/** A pool's schedule is due: its longest-lived host is asked for. */
export function requestScheduled(ports: RebuildPorts, poolName: string): void {
  const pool = ports.pools().find(({ name }) => name === poolName)
  if (pool === undefined || ports.driver === undefined) return
  const lives = listHostLives(ports.db).filter(({ host }) => ports.poolOf(host)?.name === poolName)
  const oldest = longestLived(pool, lives, listOpenRebuilds(ports.db))
  if (oldest === undefined) return
  requestRebuild(ports, oldest.host, {
    reason: 'scheduled: older than the others',
    by: 'schedule',
    causeKey: `schedule:${oldest.host}:${oldest.incarnation}:${ports.now()}`,
  })
}

function takeOverRequest(ports: RebuildPorts, open: Rebuild, request: RebuildRequest): string {
  if (open.state !== 'requested' || isPerson(open.requestedBy) || !isPerson(request.by)) {
    throw new RekindleError({
      code: 'conflict',
      message: `Cannot rebuild host "${open.host}": a rebuild of it is open already`,
      found: `rebuild ${open.id}, ${open.state}`,
      hint: open.state === 'held' ? 'Resume or cancel that one' : 'Wait for that one, or cancel it',
    })
  }
  updateRebuild(ports.db, open.id, { requestedBy: request.by, reason: `${request.reason} (${open.reason})` })
  ports.audit(request.by, 'rebuild.requested', `host:${open.host}`, `rebuild ${open.id}, ${request.reason}`)
  emitLater(ports, open.host, open.id)
  return open.id
}

/** A first machine has no old one to keep, so it is made in place; surge needs a driver that can hold two. */
function orderOf(ports: RebuildPorts, host: Host): RebuildOrder {
  if (host.current === null || !ports.driver?.canSurge) return 'in-place'
  return ports.poolOf(host.name)?.order ?? 'in-place'
}

function reasonOf({ by, reason }: RebuildRequest): string {
  if (!isPerson(by)) return reason
  return reason.trim() === ''
    ? `asked for by ${renderActor(by)}`
    : `asked for by ${renderActor(by)}: ${reason.trim()}`
}

function renderActor(by: string): string {
  return by.replace(/^user:/, '')
}

function moveByPerson(
  ports: RebuildPorts,
  id: string,
  change: { readonly event: 'resume' | 'cancel'; readonly by: string; readonly detail: string },
): void {
  const row = findRebuild(ports.db, id)
  if (row === undefined)
    throw new RekindleError({ code: 'not-found', message: `Cannot find rebuild "${id}"` })
  // One that has ended does not move; what is illegal about it is said by `next`.
  if (row.endedAt !== null) next(row, change.event)
  move(ports, row, change)
}

function requireHost(ports: RebuildPorts, name: string): Host {
  const host = findHost(ports.db, name)
  if (host === undefined)
    throw new RekindleError({ code: 'not-found', message: `Cannot find host "${name}"` })
  return host
}

function unsupported(host: string): RekindleError {
  return new RekindleError({
    code: 'unsupported',
    message: `Cannot rebuild host "${host}": no machine driver of this server makes its machines`,
    hint: 'Configure `nspawn` in server.json, or rebuild the machine yourself with a join token',
  })
}

/** After the transaction that is open: a page that asks at once must see what it was told of. */
function emitLater(ports: RebuildPorts, host: string, id: string): void {
  queueMicrotask(() => ports.live.emit({ type: 'rebuild', host, id }))
}
