/** What a site says of the fleet, with defaults filled in, and everything that is wrong with it. Pure. */
import type { HostRule, SiteManifest } from '../../schemas/generated/types.ts'
import { diagnose, validate } from '../../schemas/validate.ts'
import type { Mistake } from './context.ts'
import { isNear } from './parameter.ts'
import { type Place, renderPlace } from './place.ts'
import { Policy } from './policy.ts'
import { Pool, poolManifest } from './pool.ts'
import { Role } from './role.ts'
import type { HostOptions, Site } from './site.ts'

export type Survey = SoundSurvey | { readonly ok: false; readonly mistakes: readonly Mistake[] }

export interface SoundSurvey {
  readonly ok: true
  readonly roles: ReadonlyMap<string, Role>
  readonly manifest: SiteManifest
  readonly policies: readonly Policy[]
}

/** Where a mistake is noted; without a place, at the call of `site()`. */
interface Notes {
  note(message: string, place?: Place | undefined, hint?: string): void
  where(place: Place | undefined): string
}

export function survey(site: Site, siteDir: string): Survey {
  const mistakes: Mistake[] = []
  const where = (place: Place | undefined) => renderPlace(place ?? site.place, siteDir)
  const notes: Notes = {
    where,
    note: (message, place, hint) => mistakes.push({ message, where: where(place), hint: hint ?? null }),
  }
  const hosts = soundRules(listOf(site.options, 'hosts'), notes)
  const roles = byName(
    'roles',
    hosts.map(({ role }) => role),
    notes,
  )
  const pools = poolsOf(listOf(site.options, 'pools'), hosts, notes)
  const rules = hosts.map((rule) => renderRule(rule, pools, notes))
  const policies = soundPolicies(listOf(site.options, 'policies'), notes)
  const rendered = [...pools.values()].map((pool) => renderPool(pool, notes))
  if (mistakes.length > 0) return { ok: false, mistakes }
  const manifest = { roles: [...roles.keys()], pools: rendered, hosts: rules }
  return {
    ok: true,
    roles,
    policies,
    manifest: validate('protocol/site-manifest', manifest, 'the site', 'site-invalid'),
  }
}

/** Whatever the author wrote for a list; types do not hold at run time. */
function listOf(options: unknown, name: 'hosts' | 'pools' | 'policies'): readonly unknown[] {
  const list: unknown = Reflect.get(Object(options), name)
  return Array.isArray(list) ? list : []
}

function soundRules(rules: readonly unknown[], { note }: Notes): readonly HostOptions[] {
  if (rules.length === 0)
    note('Cannot use the site: it has no hosts', undefined, 'Give hosts: [{ match, role }]')
  return rules.filter((rule): rule is HostOptions => {
    const wrong = wrongRule(rule)
    if (wrong !== undefined) note(`Cannot use the rule ${show(rule)}: ${wrong}`)
    return wrong === undefined
  })
}

function wrongRule(rule: unknown): string | undefined {
  if (typeof rule !== 'object' || rule === null) return 'wanted { match, role }'
  const { match, role, pool } = rule as Partial<Record<keyof HostOptions, unknown>>
  if (typeof match !== 'string' || match === '') return '"match" wants a host name, in which * may stand'
  if (!(role instanceof Role)) return '"role" wants what role() returns'
  if (!/^[a-z][a-z0-9-]*$/.test(role.name)) {
    return `role name "${role.name}" is not lower-case letters, digits and "-"`
  }
  if (typeof role.declare !== 'function') return `role "${role.name}" has no function`
  if (pool !== undefined && typeof pool !== 'string' && !(pool instanceof Pool)) {
    return '"pool" wants what pool() returns, or a name'
  }
  return undefined
}

/** Roles or pools by their names, each of which only one may have. */
function byName<Item extends Role | Pool | Policy>(
  kind: 'roles' | 'pools' | 'policies',
  items: readonly Item[],
  { note, where }: Notes,
): Map<string, Item> {
  const found = new Map<string, Item>()
  for (const item of items) {
    const known = found.get(item.name)
    if (known === undefined) found.set(item.name, item)
    else if (known !== item) {
      note(
        `Cannot tell two ${kind} named "${item.name}" apart: the other is at ${where(known.place)}`,
        item.place,
      )
    }
  }
  return found
}

/** Those in `pools`, those that rules name, and for a rule without one the pool named after its role. */
function poolsOf(
  listed: readonly unknown[],
  hosts: readonly HostOptions[],
  notes: Notes,
): ReadonlyMap<string, Pool> {
  const sound = listed.filter((item): item is Pool => {
    if (!(item instanceof Pool)) notes.note(`Cannot use the pool ${show(item)}: wanted what pool() returns`)
    return item instanceof Pool
  })
  const named = hosts.flatMap(({ pool }) => (pool instanceof Pool ? [pool] : []))
  const pools = byName('pools', [...sound, ...named], notes)
  for (const { role, pool } of hosts) {
    if (pool === undefined && !pools.has(role.name)) pools.set(role.name, new Pool(role.name, {}, role.place))
  }
  return pools
}

function renderRule(rule: HostOptions, pools: ReadonlyMap<string, Pool>, { note, where }: Notes): HostRule {
  const { match, role } = rule
  const pool = rule.pool instanceof Pool ? rule.pool.name : (rule.pool ?? role.name)
  if (!pools.has(pool)) {
    const names = [...pools.keys()]
    const nearest = names.find((name) => isNear(name, pool))
    note(
      `Cannot put hosts "${match}" in pool "${pool}": the site has no such pool`,
      undefined,
      nearest === undefined ? `Pools: ${names.join(', ') || 'none'}` : `Did you mean "${nearest}"?`,
    )
  }
  return { match, role: role.name, pool, where: where(undefined) }
}

function renderPool(pool: Pool, { note }: Notes): Readonly<Record<string, unknown>> {
  const manifest = poolManifest(pool)
  for (const wrong of wrongOptions(manifest)) note(`Cannot use pool "${pool.name}": ${wrong}`, pool.place)
  return manifest
}

function wrongOptions(manifest: Readonly<Record<string, unknown>>): readonly string[] {
  const found = diagnose('protocol/site-manifest', { roles: [], pools: [manifest], hosts: [] }).map(
    ({ path, wanted, found }) => {
      const option = path.replace('/pools/0/', '').replaceAll('/', '.')
      return wanted === 'no such parameter'
        ? `unknown option "${option}"`
        : `option "${option}": wanted ${wanted}, found ${found}`
    },
  )
  const { schedule } = manifest
  if (typeof schedule !== 'string' || found.some((wrong) => wrong.startsWith('option "schedule"')))
    return found
  const isCron = /^[\d*]\S*(?:\s+[\dA-Za-z*]\S*){4,5}$/.test(schedule.trim())
  return isCron ? found : [...found, `option "schedule": wanted a cron expression, found ${show(schedule)}`]
}

function soundPolicies(listed: readonly unknown[], notes: Notes): readonly Policy[] {
  const sound = listed.filter((item): item is Policy => {
    if (!(item instanceof Policy)) {
      notes.note(`Cannot use the policy ${show(item)}: wanted what policy() returns`)
      return false
    }
    const wrong = wrongPolicy(item)
    if (wrong !== undefined) notes.note(`Cannot use policy "${item.name}": ${wrong}`, item.place)
    return wrong === undefined
  })
  return [...byName('policies', sound, notes).values()]
}

/** Types do not hold at run time. */
function wrongPolicy({ options }: Policy): string | undefined {
  const { level, check }: { level?: unknown; check?: unknown } = Object(options)
  if (level !== 'warn' && level !== 'refuse') return `"level" wants "warn" or "refuse", found ${show(level)}`
  return typeof check === 'function' ? undefined : '"check" wants a function'
}

function show(value: unknown): string {
  const shown = JSON.stringify(value, (_, item: unknown) =>
    item instanceof Role ? `role ${item.name}` : item,
  )
  return shown ?? String(value)
}
