/** A site: which hosts get which roles, and how their pools are treated. */
import { dirname } from 'node:path/posix'
import type { HostRule, Pool as PoolManifest, SiteManifest } from '../../schemas/generated/types.ts'
import { diagnose } from '../../schemas/validate.ts'
import type { Mistake } from './context.ts'
import { isNear } from './parameter.ts'
import { callerPlace, type Place, renderPlace } from './place.ts'
import { Pool, poolManifest } from './pool.ts'
import { Role } from './role.ts'

export interface HostOptions {
  /** Host name, in which `*` stands for any run of characters. */
  readonly match: string
  readonly role: Role
  /** A pool, or the name of one in `pools`. Default: the pool named after the role. */
  readonly pool?: Pool | string
}

export interface SiteOptions {
  /** First match wins. */
  readonly hosts: readonly HostOptions[]
  readonly pools?: readonly Pool[]
}

export class Site {
  readonly options: SiteOptions
  readonly place: Place | undefined

  constructor(options: SiteOptions, place: Place | undefined) {
    this.options = options
    this.place = place
  }

  /** Folder of the file that called `site()`. */
  get dir(): string {
    return dirname(this.place?.file ?? '/')
  }
}

/**
 * The default export of `site.ts`.
 *
 * @example export default site({ hosts: [{ match: 'web-*', role: web }] })
 */
export function site(options: SiteOptions): Site {
  return new Site(options, callerPlace())
}

export interface SurveyedSite {
  readonly roles: ReadonlyMap<string, Role>
  /** Sound only when there are no mistakes. */
  readonly manifest: SiteManifest
  readonly mistakes: readonly Mistake[]
}

/** Roles, pools and rules of a site with defaults filled in, and everything that is wrong with them. */
export function survey(surveyed: Site, siteDir: string): SurveyedSite {
  const where = (place: Place | undefined) => renderPlace(place ?? surveyed.place, siteDir)
  const mistakes: Mistake[] = []
  const note = (message: string, place: Place | undefined, hint: string | null = null) => {
    mistakes.push({ message, where: where(place), hint })
  }
  const hosts: readonly unknown[] = listOf(surveyed.options, 'hosts')
  if (hosts.length === 0)
    note('Cannot use the site: it has no hosts', undefined, 'Give hosts: [{ match, role }]')
  const sound = hosts.filter((rule): rule is HostOptions => {
    const wrong = wrongRule(rule)
    if (wrong !== undefined) note(`Cannot use the rule ${show(rule)}: ${wrong}`, undefined)
    return wrong === undefined
  })

  const roles = new Map<string, Role>()
  for (const { role } of sound) {
    const known = roles.get(role.name)
    if (known === undefined) roles.set(role.name, role)
    else if (known !== role) {
      note(
        `Cannot tell two roles named "${role.name}" apart: the other is at ${where(known.place)}`,
        role.place,
      )
    }
  }

  const pools = new Map<string, Pool>()
  const named = sound.flatMap((rule) => (rule.pool instanceof Pool ? [rule.pool] : []))
  for (const pool of [...listOf(surveyed.options, 'pools'), ...named]) {
    if (!(pool instanceof Pool)) {
      note(`Cannot use the pool ${show(pool)}: wanted what pool() returns`, undefined)
      continue
    }
    const known = pools.get(pool.name)
    if (known !== undefined && known !== pool) {
      note(
        `Cannot tell two pools named "${pool.name}" apart: the other is at ${where(known.place)}`,
        pool.place,
      )
    }
    if (known === undefined) pools.set(pool.name, pool)
  }
  for (const { role, pool } of sound) {
    if (pool === undefined && !pools.has(role.name)) pools.set(role.name, new Pool(role.name, {}, role.place))
  }

  const rules = sound.map(({ match, role, pool }): HostRule => {
    const name = pool instanceof Pool ? pool.name : (pool ?? role.name)
    if (!pools.has(name)) {
      const nearest = [...pools.keys()].find((known) => isNear(known, name))
      note(
        `Cannot put hosts "${match}" in pool "${name}": the site has no such pool`,
        undefined,
        nearest === undefined
          ? `Pools: ${[...pools.keys()].join(', ') || 'none'}`
          : `Did you mean "${nearest}"?`,
      )
    }
    return { match, role: role.name, pool: name, where: where(undefined) }
  })

  const rendered = [...pools.values()].map((pool) => {
    const manifest = poolManifest(pool)
    for (const message of wrongPool(manifest)) note(`Cannot use pool "${pool.name}": ${message}`, pool.place)
    return manifest
  })
  const manifest = { roles: [...roles.keys()], pools: rendered as unknown as PoolManifest[], hosts: rules }
  return { roles, manifest, mistakes }
}

function listOf(options: unknown, name: 'hosts' | 'pools'): readonly unknown[] {
  if (typeof options !== 'object' || options === null) return []
  const list: unknown = Reflect.get(options, name)
  return Array.isArray(list) ? list : []
}

function wrongRule(rule: unknown): string | undefined {
  if (typeof rule !== 'object' || rule === null) return 'wanted { match, role }'
  const { match, role, pool } = rule as Partial<Record<keyof HostOptions, unknown>>
  if (typeof match !== 'string' || match === '') return '"match" wants a host name, in which * may stand'
  if (!(role instanceof Role)) return '"role" wants what role() returns'
  if (!/^[a-z][a-z0-9-]*$/.test(role.name))
    return `role name "${role.name}" is not lower-case letters, digits and "-"`
  if (pool !== undefined && typeof pool !== 'string' && !(pool instanceof Pool)) {
    return '"pool" wants what pool() returns, or a name'
  }
  return undefined
}

function wrongPool(manifest: Readonly<Record<string, unknown>>): readonly string[] {
  const found = diagnose('protocol/site-manifest', { roles: [], pools: [manifest], hosts: [] }).map(
    ({ path, wanted, found }) =>
      wanted === 'no such parameter'
        ? `unknown option "${path.replace('/pools/0/', '')}"`
        : `option "${path.replace('/pools/0/', '').replaceAll('/', '.')}": wanted ${wanted}, found ${found}`,
  )
  const { schedule } = manifest
  const isCron =
    typeof schedule === 'string' && /^[\d*][^\s]*(?:\s+[\dA-Za-z*][^\s]*){4,5}$/.test(schedule.trim())
  return schedule === undefined || isCron
    ? found
    : [...found, `option "schedule": wanted a cron expression, found ${show(schedule)}`]
}

function show(value: unknown): string {
  return (
    JSON.stringify(value, (_, item) => (item instanceof Role ? `role ${item.name}` : item)) ?? String(value)
  )
}
