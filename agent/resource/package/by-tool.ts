/** Packages of every manager but apt, by the one interface that tool-provider.ts gives them. */
import { RekindleError, toError } from '../../../schemas/errors.ts'
import type { Change, PackageParams } from '../../../schemas/generated/types.ts'
import type { ResourceId } from '../../../schemas/resource-id.ts'
import type { Host } from '../../host/host.ts'
import type { Step, Wanted } from '../resource-type.ts'
import { nameOf } from './apt.ts'
import type { ToolPackage, ToolPlace, ToolProvider } from './tool-provider.ts'
import { isInRange, isRange, newestInRange } from './version-range.ts'

export interface ToolState {
  readonly provider: ToolProvider
  readonly found: ToolPackage
}

type ToolStep = Step<PackageParams, ToolState>

/** One reading for each place; a manager that cannot be used makes its packages unreadable, and nothing else. */
export async function readByTool(
  host: Host,
  provider: ToolProvider,
  wanted: readonly Wanted<PackageParams>[],
): Promise<Map<ResourceId, ToolState | Error>> {
  const found = new Map<ResourceId, ToolState | Error>()
  for (const group of Map.groupBy(wanted, placeKey).values()) {
    const packages = await readPlace(host, provider, group)
    for (const one of group) {
      const state = packages instanceof Error ? packages : packages.get(nameOf(one))
      if (state instanceof Error || state === undefined) found.set(one.id, unreadable(one, state))
      else found.set(one.id, { provider, found: state })
    }
  }
  return found
}

async function readPlace(
  host: Host,
  provider: ToolProvider,
  group: readonly Wanted<PackageParams>[],
): Promise<ReadonlyMap<string, ToolPackage> | Error> {
  const place = placeOf(group[0]?.params)
  const reason = provider.unusable(host, place)
  if (reason !== undefined) return new Error(reason)
  const names = [...new Set(group.map(nameOf))].filter(provider.isName)
  const of = (test: (params: PackageParams) => boolean) =>
    group.filter(({ params }) => test(params)).map(nameOf)
  const sources = new Map(
    group.flatMap((one) =>
      one.params.source === undefined ? [] : [[nameOf(one), one.params.source] as const],
    ),
  )
  try {
    return await provider.read(host, {
      ...place,
      names,
      latest: of(({ ensure }) => ensure === 'latest'),
      listed: of(({ version }) => version !== undefined && isRange(version)),
      ...(sources.size === 0 ? {} : { sources }),
    })
  } catch (error) {
    return toError(error)
  }
}

export function diffByTool(
  { params }: Wanted<PackageParams>,
  { provider, found }: ToolState,
): readonly Change[] {
  const { ensure = 'present', held } = params
  const from = found.installed.join(', ') || 'absent'
  if (ensure === 'absent' || ensure === 'purged')
    return found.installed.length === 0 ? [] : [{ property: 'ensure', from, to: ensure }]
  const holds: Change[] =
    held === undefined || held === found.held
      ? []
      : [{ property: 'held', from: String(found.held), to: String(held) }]
  const to = missingVersion(params, found, provider)
  if (to === undefined) return holds
  return [{ property: found.installed.length === 0 ? 'ensure' : 'version', from, to }, ...holds]
}

/** The version that is to come, or `present`; undefined when what is installed will do. */
function missingVersion(
  { ensure, version, held }: PackageParams,
  { installed, candidate, available, held: isHeld }: ToolPackage,
  provider: ToolProvider,
): string | undefined {
  const [newest] = installed
  if (version !== undefined && isRange(version)) {
    const { compareVersions } = provider
    if (installed.some((one) => isInRange(one, version, compareVersions))) return undefined
    return newestInRange(available, version, compareVersions) ?? version
  }
  if (version !== undefined)
    return installed.some((one) => provider.isVersion(one, version)) ? undefined : version
  if (newest === undefined) return ensure === 'latest' ? (candidate ?? 'latest') : 'present'
  if (ensure !== 'latest' || candidate === undefined || (isHeld && held === undefined)) return undefined
  return provider.compareVersions(newest, candidate) === 0 ? undefined : candidate
}

/** One call for all that come from one place, one for all that go. */
export async function applyManyByTool(host: Host, steps: readonly ToolStep[]): Promise<void> {
  for (const group of Map.groupBy(
    steps,
    ({ wanted, actual }) => `${actual.provider.name} ${placeKey(wanted)}`,
  ).values())
    await applyPlace(host, group)
}

async function applyPlace(host: Host, steps: readonly ToolStep[]): Promise<void> {
  const [first] = steps
  if (first === undefined) return
  const { provider } = first.actual
  const place = placeOf(first.wanted.params)
  const isGoing = ({ wanted: { params } }: ToolStep) =>
    params.ensure === 'absent' || params.ensure === 'purged'
  for (const purge of [false, true]) {
    const going = steps.filter((step) => isGoing(step) && (step.wanted.params.ensure === 'purged') === purge)
    const names = going.map(({ wanted }) => nameOf(wanted))
    if (names.length > 0) await provider.remove(host, names, { ...place, purge })
  }
  const coming = steps.filter(
    (step) => !isGoing(step) && step.changes.some(({ property }) => property !== 'held'),
  )
  for (const step of coming) assertKnown(step)
  if (coming.length > 0) await provider.install(host, coming.map(wishOf), place)
  for (const held of [true, false]) {
    const names = steps
      .filter(({ wanted }) => wanted.params.held === held)
      .map(({ wanted }) => nameOf(wanted))
    if (names.length === 0) continue
    if (provider.hold === undefined) throw cannotHold(first)
    await provider.hold(host, names, held)
  }
}

function wishOf({ wanted, actual }: ToolStep) {
  const { params } = wanted
  const version = missingVersion(params, actual.found, actual.provider)
  const exact = version === 'present' || version === 'latest' ? undefined : version
  return {
    name: nameOf(wanted),
    ...(exact === undefined ? {} : { version: exact }),
    ...(params.source === undefined ? {} : { source: params.source }),
  }
}

function assertKnown({ wanted, actual: { provider, found } }: ToolStep): void {
  const { version } = wanted.params
  if (version === undefined || !isRange(version)) return
  if (newestInRange(found.available, version, provider.compareVersions) !== undefined) return
  throw new RekindleError({
    code: 'apply-failed',
    message: `Cannot install package "${nameOf(wanted)}": ${provider.name} knows no version of it in ${version}`,
    where: wanted.where,
    kept: 'what is installed',
  })
}

function cannotHold({ wanted, actual: { provider } }: ToolStep): RekindleError {
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot hold package "${nameOf(wanted)}": ${provider.name} has no way to hold a version`,
    where: wanted.where,
  })
}

function placeOf(params: PackageParams | undefined): ToolPlace {
  const { command, target, installOptions } = params ?? {}
  return { command, target, options: installOptions }
}

function placeKey({ params: { command, target, installOptions } }: Wanted<PackageParams>): string {
  return JSON.stringify([command, target, installOptions])
}

function unreadable(wanted: Wanted<PackageParams>, cause: Error | undefined): RekindleError {
  if (cause instanceof RekindleError) return cause
  return new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot read ${wanted.id}: ${cause?.message ?? `"${nameOf(wanted)}" is no name of a package`}`,
    where: wanted.where,
  })
}
