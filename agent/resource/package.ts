/** Packages: apt's in package/{apt,apt-apply}.ts, those of every other manager in package/by-tool.ts. Here it is decided which. */
import { RekindleError } from '../../schemas/errors.ts'
import type { Change, PackageParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import { type AptState, diffApt, inspectApt, readApt } from './package/apt.ts'
import { applyManyApt } from './package/apt-apply.ts'
import { applyManyByTool, diffByTool, readByTool, type ToolState } from './package/by-tool.ts'
import { toolProviders } from './package/tool-providers.ts'
import type { Reading, ResourceType, Step, Wanted } from './resource-type.ts'

export type PackageState = AptState | ToolState

type ProviderName = NonNullable<PackageParams['provider']>

/** What a system is made of, by a file that only its package manager has; the first that is there. */
const systems: readonly (readonly [path: string, provider: ProviderName])[] = [
  ['/var/lib/dpkg/status', 'apt'],
  ['/usr/bin/dnf', 'dnf'],
  ['/usr/bin/zypper', 'zypper'],
  ['/lib/apk/db/installed', 'apk'],
  ['/usr/bin/pacman', 'pacman'],
  ['/usr/bin/rpm', 'rpm'],
]

async function read(host: Host, wanted: readonly Wanted<PackageParams>[]): Promise<Reading<PackageState>> {
  const own = wanted.every(({ params }) => params.provider !== undefined) ? 'apt' : ownProvider(host)
  const found = new Map<ResourceId, PackageState | Error>()
  const byProvider = Map.groupBy(wanted, ({ params }) => params.provider ?? own)
  for (const [name, of] of byProvider) {
    for (const [id, state] of await readBy(host, name, of)) found.set(id, state)
  }
  return found
}

async function readBy(
  host: Host,
  name: ProviderName,
  wanted: readonly Wanted<PackageParams>[],
): Promise<ReadonlyMap<ResourceId, PackageState | Error>> {
  if (name === 'apt') return readApt(host, wanted)
  const provider = toolProviders.find((one) => one.name === name)
  if (provider === undefined) throw new Error(`there is no package provider "${name}"`)
  return readByTool(host, provider, wanted)
}

function ownProvider(host: Host): ProviderName {
  return systems.find(([path]) => host.files.exists(path))?.[1] ?? 'apt'
}

function diff(wanted: Wanted<PackageParams>, actual: PackageState): readonly Change[] {
  return isOfTool(actual) ? diffByTool(wanted, actual) : diffApt(wanted, actual)
}

function apply(
  host: Host,
  wanted: Wanted<PackageParams>,
  actual: PackageState,
  changes: readonly Change[],
): Promise<void> {
  return applyMany(host, [{ wanted, actual, changes }])
}

async function applyMany(host: Host, steps: readonly Step<PackageParams, PackageState>[]): Promise<void> {
  const apt = steps.flatMap(({ actual, ...step }) => (isOfTool(actual) ? [] : [{ ...step, actual }]))
  const others = steps.flatMap(({ actual, ...step }) => (isOfTool(actual) ? [{ ...step, actual }] : []))
  if (apt.length > 0) await applyManyApt(host, apt)
  if (others.length > 0) await applyManyByTool(host, others)
}

function isOfTool(state: PackageState): state is ToolState {
  return 'provider' in state
}

function inspect(host: Host, title: string | undefined) {
  if (ownProvider(host) === 'apt') return inspectApt(host, title)
  throw new RekindleError({
    code: 'resource-unreadable',
    message:
      'Cannot list packages: this host has no apt, and no other manager tells which ones a person chose',
  })
}

export const pkg = {
  name: 'package',
  read,
  diff,
  apply,
  applyMany,
  inspect,
  watch: ({ params: { provider, source } }) => [
    ...(provider === undefined || provider === 'apt' ? ['/var/lib/dpkg/status'] : []),
    ...(source?.startsWith('/') === true ? [source] : []),
  ],
} satisfies ResourceType<PackageParams, PackageState>
