/** What the rails are asked about, as it stands in the store and among the connected agents. */
import type { Pool } from '../../schemas/generated/types.ts'
import {
  type HostLife,
  lastRebuildEnd,
  listHostLives,
  listOpenRebuilds,
  type Rebuild,
} from '../store/rebuild.ts'
import type { Candidate, Fleet, Health } from './budget.ts'
import type { RebuildLimits, RebuildPorts } from './ports.ts'

type Ports = Pick<RebuildPorts, 'db' | 'poolOf' | 'isConnected' | 'now'>

export interface FleetOptions {
  /** When this server started. */
  readonly startedAt: number
  readonly limits: RebuildLimits
}

export function loadFleet(ports: Ports, { startedAt, limits }: FleetOptions): Fleet {
  const now = ports.now()
  const settled = now - startedAt >= limits.settleMs
  return {
    hosts: listHostLives(ports.db).map((life) => ({
      host: life.host,
      pool: ports.poolOf(life.host)?.name,
      health: healthOf(life, {
        connected: life.incarnation !== null && ports.isConnected(life.incarnation),
        settled,
      }),
    })),
    rebuilds: listOpenRebuilds(ports.db).map((row) => ({ ...row, pool: ports.poolOf(row.host)?.name })),
    ceiling: limits.fleetCeiling,
    now,
  }
}

/** `settled`: the server is up for long enough that an agent which can connect has done so. */
export function healthOf(life: HostLife, link: { connected: boolean; settled: boolean }): Health {
  if (life.incarnation === null || life.revokedAt !== null) return 'sick'
  if (life.convergedAt === null || life.reportStatus === 'failed') return 'sick'
  if (link.connected) return 'healthy'
  return link.settled ? 'sick' : 'unknown'
}

export function candidateOf(ports: Pick<RebuildPorts, 'db' | 'revisionOf'>, row: Rebuild): Candidate {
  return {
    host: row.host,
    revision: ports.revisionOf(row.host),
    order: row.order,
    first: row.from === null,
    byPerson: isPerson(row.requestedBy),
    lastEndedAt: lastRebuildEnd(ports.db, row.host),
  }
}

export function isPerson(actor: string): boolean {
  return actor.startsWith('user:')
}

/**
 * The host of the pool that a schedule rebuilds: the one whose life is the longest. None while a rebuild that a schedule
 * asked for is open in the pool, so that they don't pile up behind the rails.
 */
export function longestLived(
  pool: Pool,
  lives: readonly HostLife[],
  open: readonly Pick<Rebuild, 'host' | 'requestedBy'>[],
): HostLife | undefined {
  const hosts = new Set(lives.map(({ host }) => host))
  if (open.some(({ host, requestedBy }) => requestedBy === 'schedule' && hosts.has(host))) return undefined
  return lives
    .filter(({ host, managed, bornAt }) => managed && bornAt !== null && !pool.protect.includes(host))
    .filter(({ host }) => !open.some((rebuild) => rebuild.host === host))
    .toSorted((a, b) => (a.bornAt ?? 0) - (b.bornAt ?? 0))[0]
}
