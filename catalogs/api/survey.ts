/** What a site says of the fleet, with defaults filled in, and everything that is wrong with it. Pure. */
import type { DataNode } from '../../schemas/data-layers.ts'
import type { HostCondition, HostRule, SiteManifest } from '../../schemas/generated/types.ts'
import { asksFacts, isData, wrongHostPattern } from '../../schemas/host-rule.ts'
import { diagnose, validate } from '../../schemas/validate.ts'
import { ChangePolicy, wrongChangePolicy } from './change-policy.ts'
import type { Mistake } from './context.ts'
import { Data } from './data.ts'
import { isNear } from './parameter.ts'
import { type Place, renderPlace } from './place.ts'
import { Policy } from './policy.ts'
import { Pool, poolManifest } from './pool.ts'
import { Role } from './role.ts'
import { sampleFacts } from './sample.ts'
import type { HostOptions, Site } from './site.ts'

export type Survey = SoundSurvey | { readonly ok: false; readonly mistakes: readonly Mistake[] }

export interface SoundSurvey {
  readonly ok: true
  readonly roles: ReadonlyMap<string, Role>
  readonly manifest: SiteManifest
  readonly policies: readonly Policy[]
  readonly changePolicies: readonly ChangePolicy[]
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
  const hosts = soundRules(listOf(site.options, 'hosts'), site.options.data, notes)
  const roles = byName('roles', hosts.flatMap(rolesOf), notes)
  const pools = poolsOf(listOf(site.options, 'pools'), hosts, notes)
  const rules = hosts.map((rule) => renderRule(rule, pools, notes))
  const known = { pools: [...pools.keys()], roles: [...roles.keys()] }
  const sound = soundPolicies(listOf(site.options, 'policies'), known, notes)
  const policies = sound.filter((one) => one instanceof Policy)
  const changePolicies = sound.filter((one) => one instanceof ChangePolicy)
  const rendered = [...pools.values()].map((pool) => renderPool(pool, notes))
  const { data }: { readonly data?: unknown } = site.options
  if (data !== undefined && !(data instanceof Data))
    notes.note('Cannot use the data of the site: wanted what layers() returns')
  if (mistakes.length > 0) return { ok: false, mistakes }
  const judged = changePolicies.length === 0 ? {} : { changePolicies: changePolicies.map(({ name }) => name) }
  const manifest = { roles: [...roles.keys()], pools: rendered, hosts: rules, ...judged }
  return {
    ok: true,
    roles,
    policies,
    changePolicies,
    manifest: validate('protocol/site-manifest', manifest, 'the site', 'site-invalid'),
  }
}

/** Whatever the author wrote for a list; types do not hold at run time. */
function listOf(options: unknown, name: 'hosts' | 'pools' | 'policies'): readonly unknown[] {
  const list: unknown = Reflect.get(Object(options), name)
  return Array.isArray(list) ? list : []
}

function soundRules(rules: readonly unknown[], data: unknown, { note }: Notes): readonly HostOptions[] {
  if (rules.length === 0)
    note('Cannot use the site: it has no hosts', undefined, 'Give hosts: [{ match, role }]')
  return rules.filter((rule): rule is HostOptions => {
    const wrong = wrongRule(rule, data)
    if (wrong !== undefined) note(`Cannot use the rule ${show(rule)}: ${wrong}`)
    return wrong === undefined
  })
}

function wrongRule(rule: unknown, data: unknown): string | undefined {
  if (typeof rule !== 'object' || rule === null) return 'wanted { match, role }'
  const { match, when, pool, environment } = rule as Partial<Record<keyof HostOptions, unknown>>
  const wrong = wrongMatch(match) ?? wrongWhen(when, data) ?? wrongRoles(rule)
  if (wrong !== undefined) return wrong
  if (pool !== undefined && typeof pool !== 'string' && !(pool instanceof Pool)) {
    return '"pool" wants what pool() returns, or a name'
  }
  if (environment !== undefined && !isEnvironment(environment)) {
    return '"environment" wants the name of a branch or tag'
  }
  if (environment !== undefined && asksFacts({ when: conditionsOf(when) })) {
    return conditionsOf(when).some(({ name }) => isData(name))
      ? '"environment" is decided before there is data to ask'
      : 'a host would choose its "environment" by facts, which it only claims'
  }
  return undefined
}

function wrongMatch(match: unknown): string | undefined {
  if (Array.isArray(match) && match.length === 0) return '"match" is empty'
  for (const pattern of [match].flat() as readonly unknown[]) {
    if (pattern instanceof RegExp) {
      const wrong = wrongHostPattern(String(pattern))
      if (wrong !== undefined) return `"match" has ${pattern}: ${wrong}`
    } else if (typeof pattern !== 'string' || pattern === '') {
      return '"match" wants a host name, in which * may stand, or a regular expression'
    } else if (pattern.startsWith('/')) {
      return `"match" has the text ${show(pattern)}: a regular expression stands without quotes`
    }
  }
  return undefined
}

function wrongWhen(when: unknown, data: unknown): string | undefined {
  if (when === undefined) return undefined
  if (typeof when !== 'object' || when === null || Object.keys(when).length === 0)
    return '"when" wants conditions, such as { "facts.os.id": "debian" }'
  for (const [name, wanted] of Object.entries(when)) {
    const wrong = wrongCondition(name, data) ?? wrongWanted(wanted)
    if (wrong !== undefined) return `"when" has "${name}": ${wrong}`
  }
  return undefined
}

function wrongCondition(name: string, data: unknown): string | undefined {
  if (/^host\.attributes\../.test(name)) return undefined
  if (isData(name)) return wrongKey(name.split('.').slice(1), data)
  const [root, group = '', fact] = name.split('.')
  if (root !== 'facts') return 'wanted facts.NAME, host.attributes.NAME or data.KEY'
  if (group === 'packages') return 'packages are known on demand, when a role asks'
  const sample: unknown = Reflect.get(sampleFacts('host-1'), group)
  if (sample === undefined) return 'there is no such fact'
  if (openFacts.has(group)) return fact === undefined ? 'a name of one is missing' : undefined
  const isGroup = typeof sample === 'object' && sample !== null
  const isKnown = isGroup ? fact !== undefined && Object.hasOwn(sample, fact) : fact === undefined
  return isKnown ? undefined : 'there is no such fact'
}

/** A key, or a member of its value. */
function wrongKey(path: readonly string[], data: unknown): string | undefined {
  if (!(data instanceof Data)) return 'the site has no data'
  let node: DataNode = data.rules.keys
  for (const name of path) {
    if (node.kind === 'key') return undefined
    const member: DataNode | undefined = Object.hasOwn(node.members, name) ? node.members[name] : undefined
    if (member === undefined) return `the data has no such key, only ${Object.keys(node.members).join(', ')}`
    node = member
  }
  return node.kind === 'key' ? undefined : 'it is a section, and has no value of its own'
}

/** What is in them, each host names for itself. */
const openFacts: ReadonlySet<string> = new Set(['custom', 'disks', 'mounts'])

function wrongWanted(wanted: unknown): string | undefined {
  const all = [wanted].flat() as readonly unknown[]
  if (all.length === 0) return 'the list is empty'
  for (const one of all) {
    if (one instanceof RegExp) {
      const wrong = wrongHostPattern(String(one))
      if (wrong !== undefined) return `${one}: ${wrong}`
    } else if (!['string', 'number', 'boolean'].includes(typeof one)) {
      return 'wanted a text, a number, true, false or a regular expression, or a list of them'
    }
  }
  return undefined
}

/** Of a sound rule. */
function conditionsOf(when: unknown): HostCondition[] {
  return Object.entries(Object(when)).map(([name, wanted]): HostCondition => {
    const all = [wanted].flat() as readonly (string | number | boolean | RegExp)[]
    return {
      name,
      is: all.flatMap((one) => (one instanceof RegExp ? [] : one)),
      matches: all.filter((one) => one instanceof RegExp).map(String),
    }
  })
}

function wrongRoles(rule: Partial<Record<keyof HostOptions, unknown>>): string | undefined {
  const { role, roles } = rule
  if (role === undefined && roles === undefined) return 'it has neither "role" nor "roles"'
  if (role !== undefined && roles !== undefined) return 'it has both "role" and "roles"'
  if (roles !== undefined && !Array.isArray(roles)) return '"roles" wants a list of what role() returns'
  const named: readonly unknown[] = roles ?? [role]
  if (named.length === 0) return '"roles" is empty'
  for (const [index, one] of named.entries()) {
    if (!(one instanceof Role))
      return roles === undefined
        ? '"role" wants what role() returns'
        : `"roles" wants what role() returns, number ${index + 1} is not`
    if (!/^[a-z][a-z0-9-]*$/.test(one.name))
      return `role name "${one.name}" is not lower-case letters, digits and "-"`
    if (typeof one.declare !== 'function') return `role "${one.name}" has no function`
    if (named.indexOf(one) < index) return `"roles" has role "${one.name}" twice`
  }
  return undefined
}

/** Of a sound rule. */
function rolesOf({ role, roles }: HostOptions): readonly [Role, ...Role[]] {
  return roles ?? [role]
}

/** The role that a rule's pool is named after, when it names none. */
function mainRole(rule: HostOptions): Role {
  const [first, ...others] = rolesOf(rule)
  return others.at(-1) ?? first
}

function isEnvironment(name: unknown): boolean {
  const rule = { match: ['any'], roles: ['any'], pool: 'any', environment: name, where: 'any' }
  return diagnose('protocol/site-manifest', { roles: [], pools: [], hosts: [rule] }).length === 0
}

/** Roles or pools by their names, each of which only one may have. */
function byName<Item extends Role | Pool | Policy | ChangePolicy>(
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
  for (const rule of hosts) {
    const { name, place } = mainRole(rule)
    if (rule.pool === undefined && !pools.has(name)) pools.set(name, new Pool(name, {}, place))
  }
  return pools
}

function renderRule(rule: HostOptions, pools: ReadonlyMap<string, Pool>, { note, where }: Notes): HostRule {
  const { environment, when } = rule
  const match = [rule.match].flat().map(String)
  const pool = rule.pool instanceof Pool ? rule.pool.name : (rule.pool ?? mainRole(rule).name)
  if (!pools.has(pool)) {
    const names = [...pools.keys()]
    const nearest = names.find((name) => isNear(name, pool))
    note(
      `Cannot put hosts "${match.join(', ')}" in pool "${pool}": the site has no such pool`,
      undefined,
      nearest === undefined ? `Pools: ${names.join(', ') || 'none'}` : `Did you mean "${nearest}"?`,
    )
  }
  const at = environment === undefined ? {} : { environment }
  const only = when === undefined ? {} : { when: conditionsOf(when) }
  return {
    match,
    ...only,
    roles: rolesOf(rule).map(({ name }) => name),
    pool,
    ...at,
    where: where(undefined),
  }
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

function soundPolicies(
  listed: readonly unknown[],
  known: Parameters<typeof wrongChangePolicy>[1],
  notes: Notes,
): readonly (Policy | ChangePolicy)[] {
  const sound = listed.filter((item): item is Policy | ChangePolicy => {
    if (!(item instanceof Policy || item instanceof ChangePolicy)) {
      notes.note(`Cannot use the policy ${show(item)}: wanted what policy() or changePolicy() returns`)
      return false
    }
    const wrong = item instanceof Policy ? wrongPolicy(item) : wrongChangePolicy(item, known)
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
    item instanceof Role ? `role ${item.name}` : item instanceof RegExp ? String(item) : item,
  )
  return shown ?? String(value)
}
