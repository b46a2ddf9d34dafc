/** A plan of the fleet: which hosts change and how, those with the same change together. Pure. */
import type { ErrorShape } from '../../schemas/errors.ts'
import type { ChangeVerdict, FleetChange, PlacedHost } from '../../schemas/fleet-change.ts'
import { hashOf } from '../../schemas/hash.ts'
import type { CatalogChange } from './change.ts'
import type { ComparedHost, HostOutcome } from './compare.ts'
import { fleetChangeOf } from './fleet-change.ts'

export interface FleetPlan {
  /** Revisions that are compared, of the environment that changes. */
  readonly served: string
  readonly planned: string
  readonly counts: {
    readonly changed: number
    readonly same: number
    /** Get no catalog with the change. */
    readonly refused: number
    readonly unmatched: number
    /** The server knows no facts of them. */
    readonly unknown: number
  }
  /** Most hosts first. */
  readonly groups: readonly ChangeGroup[]
  readonly refusals: readonly RefusedGroup[]
  /** What the planned site's policies over changes say; null: they were not asked, since some hosts were left out. */
  readonly verdicts: readonly ChangeVerdict[] | null
  /** Names of hosts that could not be compared, since they have sent no facts. */
  readonly unknown: readonly string[]
}

export interface ChangeGroup {
  readonly hosts: readonly string[]
  /** `{host}` stands for each one's own name. */
  readonly change: CatalogChange
  /** Why they get no catalog now. */
  readonly before?: ErrorShape
}

export interface RefusedGroup {
  readonly hosts: readonly string[]
  readonly reason: ErrorShape
  /** They get a catalog now, and would not with the change. */
  readonly isNew: boolean
}

export interface PlanBuilder {
  add(host: ComparedHost, outcome: HostOutcome): void
  /** What was added, for policies: `environment`, as people name it, is the one that changes. */
  change(environment: string): FleetChange
  build(about: Pick<FleetPlan, 'served' | 'planned' | 'unknown' | 'verdicts'>): FleetPlan
}

export function createPlanBuilder(): PlanBuilder {
  const groups: Groups<Omit<ChangeGroup, 'hosts'>> = new Map()
  const refusals: Groups<Omit<RefusedGroup, 'hosts'>> = new Map()
  /** Outcomes that hosts share are named once. */
  const keys = new WeakMap<HostOutcome, string>()
  const places = new Map<string, NonNullable<ComparedHost['place']>>()
  const counts = { changed: 0, same: 0, refused: 0, unmatched: 0 }

  function addChange(host: string, outcome: Extract<HostOutcome, { kind: 'changed' }>): void {
    const { change, before, readsName } = outcome
    const group = { change, ...(before === undefined ? {} : { before }) }
    const key = keys.get(outcome) ?? hashOf(readsName ? withoutName(group, host) : group)
    if (!readsName) keys.set(outcome, key)
    join(groups, { key, host, group })
  }
  return {
    add({ name: host, place }, outcome) {
      counts[outcome.kind] += 1
      if (place !== undefined) places.set(host, place)
      if (outcome.kind === 'changed') addChange(host, outcome)
      if (outcome.kind !== 'refused') return
      const { reason, isNew } = outcome
      const group = { reason, isNew }
      join(refusals, { key: hashOf(withoutName(group, host)), host, group })
    },
    change(environment) {
      const all = sorted(groups)
      const changing = new Set(all.flatMap(({ hosts }) => hosts))
      const concerned = [...places.values()].filter(
        (one) => one.environment === environment || changing.has(one.name),
      )
      const placed = concerned.map(({ name, pool, roles }): [string, PlacedHost] => [
        name,
        { name, pool, roles },
      ])
      return fleetChangeOf(all, new Map(placed))
    },
    build: ({ unknown, ...about }) => ({
      ...about,
      counts: { ...counts, unknown: unknown.length },
      groups: sorted(groups),
      refusals: sorted(refusals),
      unknown,
    }),
  }
}

/** By what the hosts of a group have in common; as the first of them has it. */
type Groups<Group> = Map<string, { readonly hosts: string[]; readonly group: Group }>

function join<Group>(
  groups: Groups<Group>,
  { key, host, group }: { readonly key: string; readonly host: string; readonly group: Group },
): void {
  const known = groups.get(key)
  if (known === undefined) groups.set(key, { hosts: [host], group })
  else known.hosts.push(host)
}

/** Words of ours, never texts of a site. */
const ownWords: ReadonlySet<string> = new Set(['kind', 'code', 'name'])

function withoutName<Value>(value: Value, host: string): Value {
  const name = new RegExp(`(?<![a-z0-9-])${RegExp.escape(host)}(?![a-z0-9-])`, 'g')
  const walk = (of: unknown, key?: string): unknown => {
    if (typeof of === 'string')
      return key !== undefined && ownWords.has(key) ? of : of.replaceAll(name, '{host}')
    if (Array.isArray(of)) return of.map((one) => walk(one))
    if (typeof of !== 'object' || of === null) return of
    return Object.fromEntries(Object.entries(of).map(([inner, one]) => [inner, walk(one, inner)]))
  }
  // Texts stay texts.
  return walk(value) as Value
}

function sorted<Group>(groups: Groups<Group>): readonly (Group & { readonly hosts: readonly string[] })[] {
  return [...groups.values()]
    .map(({ hosts, group }) => {
      const [first = '', ...others] = hosts
      const shown = others.length === 0 ? group : withoutName(group, first)
      return { hosts: hosts.toSorted(byNumber), ...shown }
    })
    .sort((a, b) => b.hosts.length - a.hosts.length || byNumber(a.hosts[0] ?? '', b.hosts[0] ?? ''))
}

const { compare: byNumber } = new Intl.Collator('en', { numeric: true })

/** 0: nothing changes. 2: hosts change. 1: hosts that get a catalog now would get none, or a policy refuses the change. */
export function exitCodeOf({
  counts,
  refusals,
  verdicts,
}: Pick<FleetPlan, 'counts' | 'refusals' | 'verdicts'>): 0 | 1 | 2 {
  if (refusals.some(({ isNew }) => isNew)) return 1
  if (verdicts?.some(({ level }) => level === 'refuse') === true) return 1
  return counts.changed > 0 ? 2 : 0
}
