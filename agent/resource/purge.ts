/**
 * Removes what a catalog does not declare, for types that can list what the host has and remove it. As in Puppet's
 * `resources`, but with a ceiling, and each thing that goes is a change of its own in plan and report.
 */
import { RekindleError } from '../../schemas/errors.ts'
import type { Change, PurgeParams } from '../../schemas/generated/types.ts'
import { renderResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import type { Instance, Reading, ResourceType, Step, Wanted } from './resource-type.ts'
import { readEachInTurn } from './text-file.ts'

type AnyType = ResourceType<unknown, unknown>
type WantedPurge = Wanted<PurgeParams>

export interface PurgeState {
  /** What the host has and the catalog does not declare, but for what is kept. */
  readonly undeclared: readonly Instance[]
}

const defaultMax = 25
/** Ids from here on are those of nobody and of containers' mapped users. */
const firstReservedId = 60_000

/** @param typeOf the registry, which this type is a member of */
export function createPurge(typeOf: (name: string) => AnyType | undefined) {
  function read(host: Host, wanted: readonly WantedPurge[]): Promise<Reading<PurgeState>> {
    return readEachInTurn(wanted, async (one) => ({ undeclared: await undeclaredOn(host, one) }))
  }

  async function undeclaredOn(host: Host, wanted: WantedPurge): Promise<readonly Instance[]> {
    const type = typeOf(wanted.title)
    if (type?.inspect === undefined) throw unlistable(wanted)
    const declared = new Set(wanted.params.declared)
    const instances = await type.inspect(host, undefined)
    return instances.filter((one) => !declared.has(one.title) && !isKept(one, wanted.params))
  }

  /** Each is brought to `ensure: absent` by its own type. */
  async function apply(host: Host, wanted: WantedPurge, { undeclared }: PurgeState): Promise<void> {
    assertFew(wanted, undeclared)
    const type = typeOf(wanted.title)
    if (type === undefined) throw unlistable(wanted)
    const gone = undeclared.map(({ title, params }) => ({
      id: renderResourceId(wanted.title, title),
      title,
      params: { ...params, ensure: 'absent' },
      where: wanted.where,
    }))
    const steps = await stepsOf(host, type, gone)
    if (type.applyMany !== undefined && steps.length > 1) return type.applyMany(host, steps)
    for (const step of steps) await type.apply(host, step.wanted, step.actual, step.changes)
  }

  return { name: 'purge', read, diff, apply } satisfies ResourceType<PurgeParams, PurgeState>
}

function diff(_: WantedPurge, { undeclared }: PurgeState): readonly Change[] {
  return undeclared.map(({ title }) => ({ property: title, from: 'present', to: 'absent' }))
}

async function stepsOf(
  host: Host,
  type: AnyType,
  wanted: readonly Wanted<unknown>[],
): Promise<readonly Step<unknown, unknown>[]> {
  const reading = await type.read(host, wanted)
  return wanted.flatMap((one) => {
    const actual = reading.get(one.id)
    if (actual instanceof Error) throw actual
    const changes = type.diff(one, actual)
    return changes.length === 0 ? [] : [{ wanted: one, actual, changes }]
  })
}

function isKept(
  { title, params, protectedBy }: Instance,
  { keep = [], minUid = 1000 }: PurgeParams,
): boolean {
  if (protectedBy !== undefined || keep.some((pattern) => matches(pattern, title))) return true
  const id = params.uid ?? params.gid
  return typeof id === 'number' && (id < minUid || id >= firstReservedId)
}

function matches(pattern: string, title: string): boolean {
  const escaped = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${escaped.join('.*')}$`, 's').test(title)
}

function assertFew(wanted: WantedPurge, undeclared: readonly Instance[]): void {
  const { max = defaultMax } = wanted.params
  if (undeclared.length <= max) return
  throw new RekindleError({
    code: 'apply-failed',
    message: `Cannot purge ${wanted.title}: ${undeclared.length} would be removed, and at most ${max} may be`,
    where: wanted.where,
    kept: 'all of them',
    hint: 'Declare or keep what has to stay, or raise max',
  })
}

function unlistable({ title, where }: WantedPurge): RekindleError {
  return new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot purge ${title}: what the host has of it cannot be listed`,
    where,
  })
}
