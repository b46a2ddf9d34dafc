/** Debian packages. One pass over dpkg's database reads them all; apt is asked only where a candidate version matters. */
import { RekindleError } from '../../schemas/errors.ts'
import type { Change, PackageParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import { type DpkgDatabase, type DpkgPackage, isHalfDone, isInstalled } from '../host/dpkg-status.ts'
import type { Host } from '../host/host.ts'
import type { ResourceType, Wanted } from './resource-type.ts'

export interface PackageState {
  /** The package of that name, or the installed one that provides the name; undefined when dpkg knows neither. */
  readonly found: DpkgPackage | undefined
  /** The version that apt would install; asked for `latest` only, and null when apt knows none. */
  readonly candidate: string | null
}

async function read(
  host: Host,
  wanted: readonly Wanted<PackageParams>[],
): Promise<Map<ResourceId, PackageState | Error>> {
  const database = host.dpkg.read()
  const candidates = await host.dpkg.candidates([
    ...new Set(wanted.flatMap((one) => namesToAskFor(one, database))),
  ])
  return new Map(
    wanted.map((one) => [
      one.id,
      isPackageName(one.title) ? stateOf(one, database, candidates) : badName(one),
    ]),
  )
}

function diff({ params }: Wanted<PackageParams>, { found, candidate }: PackageState): readonly Change[] {
  const from = renderFound(found)
  const isAbsent = found === undefined || found.state === 'not-installed' || found.state === 'config-files'
  switch (params.ensure ?? 'present') {
    case 'absent':
      return isAbsent ? [] : [{ property: 'ensure', from, to: 'absent' }]
    case 'purged':
      return found === undefined || found.state === 'not-installed'
        ? []
        : [{ property: 'ensure', from, to: 'purged' }]
    case 'present':
      if (found === undefined || !isInstalled(found))
        return [{ property: 'ensure', from, to: params.version ?? 'present' }]
      if (params.version === undefined || params.version === found.version) return []
      return [{ property: 'version', from, to: params.version }]
    case 'latest':
      if (found === undefined || !isInstalled(found))
        return [{ property: 'ensure', from, to: candidate ?? 'latest' }]
      // A hold is somebody's word that the version stays: apt's own upgrade passes over it, too.
      if (candidate === null || candidate === found.version || found.held) return []
      return [{ property: 'version', from, to: candidate }]
  }
}

async function apply(
  host: Host,
  { title, params }: Wanted<PackageParams>,
  { found }: PackageState,
): Promise<void> {
  switch (params.ensure ?? 'present') {
    case 'absent':
      return await host.dpkg.remove([title])
    case 'purged':
      return await host.dpkg.purge([title])
    case 'present':
      return await host.dpkg.install([{ name: title, version: params.version }], {
        recommends: params.recommends ?? false,
      })
    case 'latest':
      return await host.dpkg.install([{ name: found?.name ?? title }], {
        recommends: params.recommends ?? false,
      })
  }
}

/** `latest` needs candidates; and whether a name that another package provides is a package itself, apt alone knows. */
function namesToAskFor(
  { title, params }: Wanted<PackageParams>,
  { packages, providers }: DpkgDatabase,
): readonly string[] {
  if (!isPackageName(title) || !mayBeProvided(params)) return []
  const provided = isKnown(packages.get(title)) ? [] : (providers.get(title) ?? [])
  return params.ensure === 'latest' || provided.length > 0 ? [title, ...provided] : []
}

function stateOf(
  { title, params }: Wanted<PackageParams>,
  { packages, providers }: DpkgDatabase,
  candidates: ReadonlyMap<string, string | null>,
): PackageState {
  const own = packages.get(title)
  const candidate = candidates.get(title) ?? null
  if (isKnown(own) || candidate !== null || !mayBeProvided(params)) return { found: own, candidate }
  const [provider] = providers.get(title) ?? []
  if (provider === undefined) return { found: own, candidate }
  return { found: packages.get(provider), candidate: candidates.get(provider) ?? null }
}

/** Another package may stand for this one, as in a dependency; not for an exact version, and not to be removed for it. */
function mayBeProvided({ ensure, version }: PackageParams): boolean {
  return ensure === 'latest' || ((ensure ?? 'present') === 'present' && version === undefined)
}

function isKnown(found: DpkgPackage | undefined): boolean {
  return found !== undefined && (isInstalled(found) || isHalfDone(found))
}

/** Debian policy 5.6.1, and an architecture. apt would take a dash at the end for a wish to remove. */
function isPackageName(title: string): boolean {
  return /^[a-z0-9][a-z0-9+.-]*[a-z0-9+.](:[a-z0-9-]*[a-z0-9])?$/.test(title)
}

function badName({ id, title, where }: Wanted<PackageParams>): Error {
  return new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot read ${id}: "${title}" is not the name of a Debian package`,
    where,
    wanted:
      'lower-case letters, digits, plus, minus and full stops, then perhaps a colon and an architecture',
  })
}

function renderFound(found: DpkgPackage | undefined): string {
  if (found === undefined || found.state === 'not-installed') return 'absent'
  if (isInstalled(found)) return found.version ?? 'installed'
  return found.state
}

export const pkg = {
  name: 'package',
  read,
  diff,
  apply,
  watch: () => ['/var/lib/dpkg/status'],
} satisfies ResourceType<PackageParams, PackageState>
