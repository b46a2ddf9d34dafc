/**
 * Policies over changes: what must hold for the step from the revision that is served to the next one, over the whole
 * fleet. They are asked by a plan of the fleet, and by the server before it serves a new revision.
 */
import { RekindleError, toError } from '../../schemas/errors.ts'
import type {
  ChangedHosts,
  ChangeLevel,
  ChangeVerdict,
  FleetChange,
  PlacedHost,
} from '../../schemas/fleet-change.ts'
import { callerPlace, type Place, placeOf, renderPlace } from './place.ts'
import { Pool } from './pool.ts'
import { Role } from './role.ts'

/** One thing that breaks a policy. */
export interface ChangeFinding {
  /** What is wrong with the change, in a few words: `users go from 3 hosts`. */
  readonly message: string
  /** What to do. */
  readonly hint?: string
}

interface Leveled {
  /**
   * `refuse`: the revision is not served. `approve`: it waits until a person approves it, and the last one stays served.
   * `warn`: it is shown.
   */
  readonly level: ChangeLevel
}

/** Which hosts are counted: those of the pool, with the role; of both absent, all. */
interface ChangeLimits extends Leveled {
  readonly pool?: Pool | string
  readonly role?: Role | string
  /** Most of the counted hosts that one change may touch, as a share: 0.05 is 5 %. */
  readonly maxShare?: number
  /** Most of the counted hosts on which one change may restart a service through its subscriptions. */
  readonly maxRestarts?: number
  readonly check?: never
}

interface ChangeCheck extends Leveled {
  readonly check: (change: FleetChange) => readonly ChangeFinding[]
  readonly pool?: never
  readonly role?: never
  readonly maxShare?: never
  readonly maxRestarts?: never
}

export type ChangePolicyOptions = ChangeLimits | ChangeCheck

export class ChangePolicy {
  readonly name: string
  readonly options: ChangePolicyOptions
  readonly place: Place | undefined

  constructor(name: string, options: ChangePolicyOptions, place: Place | undefined) {
    this.name = name
    this.options = options
    this.place = place
  }
}

/**
 * Says what must hold for every change of the site; the site lists it in `policies`.
 *
 * @example
 * changePolicy('web by parts', { level: 'approve', pool: 'web', maxShare: 0.05 })
 * changePolicy('nobody loses an account', {
 *   level: 'refuse',
 *   check: ({ groups }) =>
 *     groups
 *       .filter(({ removed }) => removed.some(({ type }) => type === 'user'))
 *       .map(({ hosts }) => ({ message: `users go from ${hosts.length} hosts` })),
 * })
 */
export function changePolicy(name: string, options: ChangePolicyOptions): ChangePolicy {
  return new ChangePolicy(name, options, callerPlace())
}

/** All that breaks a policy; one that cannot be asked refuses. */
export function judgeChange(
  policies: readonly ChangePolicy[],
  change: FleetChange,
  siteDir: string,
): readonly ChangeVerdict[] {
  return policies.flatMap((one) => verdictsOf(one, change, siteDir))
}

const verbs: Readonly<Record<ChangeLevel, string>> = {
  warn: 'warns',
  approve: 'wants approval',
  refuse: 'refuses',
}

function verdictsOf(
  { name, options, place }: ChangePolicy,
  change: FleetChange,
  siteDir: string,
): readonly ChangeVerdict[] {
  const own = renderPlace(place, siteDir)
  const { level } = options
  try {
    const findings: unknown =
      options.check === undefined ? findOver(options, change) : options.check(structuredClone(change))
    if (!Array.isArray(findings)) throw new TypeError('its check gives no list')
    return (findings as readonly ChangeFinding[]).map(({ message, hint }) => ({
      policy: name,
      level,
      message: `Policy "${name}" ${verbs[level]}: ${message}`,
      where: own,
      hint: hint ?? null,
    }))
  } catch (thrown) {
    const { message, stack } = toError(thrown)
    const at = placeOf(stack, siteDir)
    return [
      {
        policy: name,
        level: 'refuse',
        message: `Cannot check policy "${name}" for the change: ${message}`,
        where: at === undefined ? own : renderPlace(at, siteDir),
        hint: thrown instanceof RekindleError ? (thrown.hint ?? null) : null,
      },
    ]
  }
}

function findOver(limits: ChangeLimits, { hosts, groups }: FleetChange): readonly ChangeFinding[] {
  const counted = hosts.filter((host) => isCounted(limits, host)).length
  const countIn = (which: readonly ChangedHosts[]) =>
    which.flatMap((group) => group.hosts).filter((host) => isCounted(limits, host)).length
  const { maxShare, maxRestarts } = limits
  const changing = countIn(groups)
  const restarting = countIn(groups.filter(({ restarts }) => restarts.length > 0))
  const of = whose(limits)
  return [
    ...(maxShare !== undefined && changing > counted * maxShare
      ? [
          {
            message: `${changing} of ${hostCount(counted)}${of} would change, more than ${percent(maxShare)}`,
          },
        ]
      : []),
    ...(maxRestarts !== undefined && restarting > maxRestarts
      ? [
          {
            message: `${restarting} of ${hostCount(counted)}${of} would restart a service, more than ${maxRestarts}`,
          },
        ]
      : []),
  ]
}

function isCounted({ pool, role }: ChangeLimits, host: PlacedHost): boolean {
  return (
    (pool === undefined || host.pool === nameOf(pool)) &&
    (role === undefined || host.roles.includes(nameOf(role)))
  )
}

function nameOf(named: Pool | Role | string): string {
  return typeof named === 'string' ? named : named.name
}

function whose({ pool, role }: ChangeLimits): string {
  return [
    ...(pool === undefined ? [] : [` of pool "${nameOf(pool)}"`]),
    ...(role === undefined ? [] : [` with role "${nameOf(role)}"`]),
  ].join('')
}

function hostCount(count: number): string {
  return count === 1 ? '1 host' : `${count} hosts`
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`
}

/** Types do not hold at run time. Undefined when nothing is wrong with it. */
export function wrongChangePolicy(
  { options }: ChangePolicy,
  known: { readonly pools: readonly string[]; readonly roles: readonly string[] },
): string | undefined {
  const { level, check, pool, role, maxShare, maxRestarts }: Partial<Record<string, unknown>> =
    Object(options)
  if (typeof level !== 'string' || !Object.hasOwn(verbs, level)) {
    return `"level" wants "warn", "approve" or "refuse", found ${JSON.stringify(level)}`
  }
  if (check !== undefined) {
    if (typeof check !== 'function') return '"check" wants a function'
    const limits = { pool, role, maxShare, maxRestarts }
    const besides = Object.entries(limits).find(([, value]) => value !== undefined)
    return besides === undefined ? undefined : `"${besides[0]}" has no meaning beside "check"`
  }
  if (maxShare === undefined && maxRestarts === undefined)
    return 'wanted "maxShare", "maxRestarts" or "check"'
  if (maxShare !== undefined && !(typeof maxShare === 'number' && maxShare >= 0 && maxShare <= 1))
    return `"maxShare" wants a share from 0 to 1, found ${JSON.stringify(maxShare)}`
  if (maxRestarts !== undefined && !(Number.isInteger(maxRestarts) && Number(maxRestarts) >= 0))
    return `"maxRestarts" wants a count of hosts, found ${JSON.stringify(maxRestarts)}`
  return (
    wrongName('pool', pool instanceof Pool ? pool.name : pool, known.pools) ??
    wrongName('role', role instanceof Role ? role.name : role, known.roles)
  )
}

/** A limit on what there is not would never be broken. */
function wrongName(kind: 'pool' | 'role', name: unknown, known: readonly string[]): string | undefined {
  if (name === undefined) return undefined
  if (typeof name !== 'string') return `"${kind}" wants a ${kind} or its name`
  return known.includes(name) ? undefined : `the site has no ${kind} "${name}", only ${known.join(', ')}`
}
