/**
 * Pure: the rails. Each looks at one thing and says in a sentence why a rebuild may not start now; the first that speaks
 * holds it back. All are on by default (catalogs/api gives a pool's defaults).
 */
import type { Pool } from '../../schemas/generated/types.ts'
import { type RebuildOrder, type RebuildState, rebuildOrders } from './state.ts'

/** `unknown`: not connected, but the server is not up for long; it counts for nothing. */
export type Health = 'healthy' | 'sick' | 'unknown'

export interface FleetHost {
  readonly host: string
  /** Undefined when no rule of the site matches it. */
  readonly pool: string | undefined
  readonly health: Health
}

/** A rebuild that has not ended. */
export interface OpenRebuild {
  readonly host: string
  readonly pool: string | undefined
  readonly order: RebuildOrder
  readonly state: RebuildState
  readonly heldFrom: RebuildState | null
}

export interface Fleet {
  readonly hosts: readonly FleetHost[]
  readonly rebuilds: readonly OpenRebuild[]
  /** Rebuilds that may be under way at once in the whole fleet. */
  readonly ceiling: number
  readonly now: number
}

export interface Candidate {
  readonly host: string
  /** The revision that is served to it; undefined when its environment has no good one. */
  readonly revision: string | undefined
  readonly order: RebuildOrder
  /** The host has no machine: nothing is taken away from its pool. */
  readonly first: boolean
  readonly byPerson: boolean
  /** When its last rebuild ended; null when it had none. */
  readonly lastEndedAt: number | null
}

interface Question {
  readonly candidate: Candidate
  readonly fleet: Fleet
  readonly pool: Pool
}

type Rail = (question: Question) => string | undefined

const healthRails: readonly Rail[] = [enoughHealthy, notTheLast]
const rails: readonly Rail[] = [
  goodRevision,
  notProtected,
  breakerClosed,
  underCeiling,
  underConcurrency,
  cooledDown,
  ...healthRails,
]

/** Why the rebuild may not start now, as a sentence; undefined when it may. */
export function refusal(candidate: Candidate, fleet: Fleet, pool: Pool | undefined): string | undefined {
  if (pool === undefined) return `not now: no rule of the site matches ${candidate.host}`
  return firstOf(rails, { candidate, fleet, pool })
}

/** The rails that guard a pool's health alone: asked once more right before a machine in service is taken away. */
export function healthRefusal(
  candidate: Candidate,
  fleet: Fleet,
  pool: Pool | undefined,
): string | undefined {
  if (pool === undefined) return `not now: no rule of the site matches ${candidate.host}`
  return firstOf(healthRails, { candidate, fleet, pool })
}

/** Under way: admitted, and neither held nor ended. */
export function isUnderWay({ state }: Pick<OpenRebuild, 'state'>): boolean {
  return state !== 'requested' && state !== 'held' && state !== 'cancelled' && state !== 'in-service'
}

/** Out of its pool: in place, from draining until in service, held in between included. */
export function isOut({ order, state, heldFrom }: Omit<OpenRebuild, 'host' | 'pool'>): boolean {
  const inPlace: readonly RebuildState[] = rebuildOrders['in-place']
  return order === 'in-place' && inPlace.indexOf(heldFrom ?? state) >= inPlace.indexOf('draining')
}

function firstOf(list: readonly Rail[], question: Question): string | undefined {
  for (const rail of list) {
    const why = rail(question)
    if (why !== undefined) return `not now: ${why}`
  }
  return undefined
}

function goodRevision({ candidate }: Question): string | undefined {
  return candidate.revision === undefined ? 'the site has no good revision to build from' : undefined
}

function notProtected({ candidate, pool }: Question): string | undefined {
  if (candidate.byPerson || !pool.protect.includes(candidate.host)) return undefined
  return `${candidate.host} is protected, and only a person may ask for its rebuild`
}

function breakerClosed({ fleet, pool }: Question): string | undefined {
  const held = fleet.rebuilds.filter((one) => one.pool === pool.name && one.state === 'held').length
  if (held < pool.breakerAfter) return undefined
  return `${count(held, 'rebuild')} of ${pool.name} ${are(held)} held, and none starts until a person resumes or cancels`
}

function underCeiling({ fleet }: Question): string | undefined {
  const running = fleet.rebuilds.filter(isUnderWay).length
  if (running < fleet.ceiling) return undefined
  return `${count(running, 'rebuild')} ${are(running)} under way in the fleet, and ${fleet.ceiling} may be`
}

/** A first machine takes nothing away, so only the fleet's ceiling counts for it. */
function underConcurrency({ candidate, fleet, pool }: Question): string | undefined {
  const running = fleet.rebuilds.filter((one) => one.pool === pool.name && isUnderWay(one)).length
  if (candidate.first || running < pool.concurrent) return undefined
  return `${count(running, 'rebuild')} of ${pool.name} ${are(running)} under way, and ${pool.concurrent} may be`
}

function cooledDown({ candidate, fleet, pool }: Question): string | undefined {
  if (candidate.byPerson || candidate.first || candidate.lastEndedAt === null) return undefined
  const until = candidate.lastEndedAt + pool.cooldownSeconds * 1000
  if (fleet.now >= until) return undefined
  return `${candidate.host} was rebuilt at ${iso(candidate.lastEndedAt)}, and its cooldown lasts until ${iso(until)}`
}

/** In place, the host is out until the new one is proved: enough others must be healthy meanwhile. */
function enoughHealthy(question: Question): string | undefined {
  const { candidate, pool } = question
  if (candidate.order !== 'in-place' || isExempt(question)) return undefined
  const { size, healthyOthers } = countPool(question)
  if (healthyOthers >= pool.minHealthy) return undefined
  return tooFew(size, healthyOthers, question)
}

/**
 * In surge the old one serves until the new one is proved, so the pool never shrinks. Still, when all the others are
 * sick, the last good one is left alone: what made them sick may be what it would be built from. A pool of one has no
 * others to tell.
 */
function notTheLast(question: Question): string | undefined {
  const { candidate, pool } = question
  if (candidate.order !== 'surge' || pool.minHealthy === 0 || isExempt(question)) return undefined
  const { size, healthyOthers } = countPool(question)
  if (size === 1 || healthyOthers > 0) return undefined
  return tooFew(size, healthyOthers, question)
}

/** A host that is sick itself takes no health away; but only a person may judge that, since all may look sick at once. */
function isExempt({ candidate, fleet }: Question): boolean {
  const sick = fleet.hosts.some(({ host, health }) => host === candidate.host && health === 'sick')
  return candidate.first || (candidate.byPerson && sick)
}

function countPool({ candidate, fleet, pool }: Question): { size: number; healthyOthers: number } {
  const members = fleet.hosts.filter((one) => one.pool === pool.name)
  const out = new Set(fleet.rebuilds.filter(isOut).map(({ host }) => host))
  return {
    size: members.length,
    healthyOthers: members.filter(
      ({ host, health }) => host !== candidate.host && health === 'healthy' && !out.has(host),
    ).length,
  }
}

function tooFew(size: number, healthyOthers: number, { candidate, pool }: Question): string {
  const out = size - 1 - healthyOthers
  const wanted = `${pool.minHealthy} must stay healthy`
  if (out > 0) return `${out} of ${size} ${pool.name} hosts ${are(out)} out, and ${wanted}`
  if (size === 1) return `${candidate.host} is the only ${pool.name} host, and ${wanted}`
  return `${pool.name} has ${size} hosts, and ${wanted} while one is out`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

function are(number: number): string {
  return number === 1 ? 'is' : 'are'
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
