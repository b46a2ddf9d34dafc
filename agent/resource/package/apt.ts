/** Debian packages, read and compared. One pass over dpkg's database reads them all; apt is asked only where a candidate version matters. */
import { RekindleError, toError } from '../../../schemas/errors.ts'
import type { Change, PackageParams } from '../../../schemas/generated/types.ts'
import type { ResourceId } from '../../../schemas/resource-id.ts'
import { type DpkgDatabase, type DpkgPackage, isHalfDone, isInstalled } from '../../host/dpkg-status.ts'
import type { Host } from '../../host/host.ts'
import type { Instance, Wanted } from '../resource-type.ts'
import { compareDebVersions } from './deb-version.ts'
import { isInRange, isRange, newestInRange } from './version-range.ts'

export interface AptState {
  /** The package of that name, or the installed one that provides the name; undefined when dpkg knows neither. */
  readonly found: DpkgPackage | undefined
  /** The version that apt would install; asked for `latest` only, and null when apt knows none. */
  readonly candidate: string | null
  /** The version that is to be installed, where that is not as the parameters have it: of a file, or inside a range. */
  readonly resolved?: string | undefined
}

export async function readApt(
  host: Host,
  wanted: readonly Wanted<PackageParams>[],
): Promise<Map<ResourceId, AptState | Error>> {
  const database = host.dpkg.read()
  const candidatesFor = await candidatesOf(host, wanted, database)
  const resolve = await versionsFor(host, wanted, database)
  const found = new Map<ResourceId, AptState | Error>()
  for (const one of wanted) {
    const resolved = resolve(one)
    if (!isPackageName(nameOf(one))) found.set(one.id, badName(one))
    else if (resolved instanceof Error) found.set(one.id, resolved)
    else found.set(one.id, { ...stateOf(one, database, candidatesFor(one)), resolved })
  }
  return found
}

/** One question for each release that packages are to come from, nearly always none. */
async function candidatesOf(
  host: Host,
  wanted: readonly Wanted<PackageParams>[],
  database: DpkgDatabase,
): Promise<(one: Wanted<PackageParams>) => ReadonlyMap<string, string | null>> {
  const found = new Map<string | undefined, ReadonlyMap<string, string | null>>()
  for (const [release, group] of Map.groupBy(wanted, ({ params }) => params.release)) {
    const names = new Set(group.flatMap((one) => namesToAskFor(one, database)))
    found.set(release, await host.dpkg.candidates([...names], release))
  }
  return ({ params }) => found.get(params.release) ?? new Map()
}

/** What to install of files and ranges; asked only where what is installed does not settle it. */
async function versionsFor(
  host: Host,
  wanted: readonly Wanted<PackageParams>[],
  { packages }: DpkgDatabase,
): Promise<(one: Wanted<PackageParams>) => string | Error | undefined> {
  const outside = wanted.filter((one) => {
    const { version } = one.params
    if (version === undefined || !isRange(version)) return false
    const found = packages.get(nameOf(one))
    return (
      found?.version === undefined ||
      !isInstalled(found) ||
      !isInRange(found.version, version, compareDebVersions)
    )
  })
  const available = await host.dpkg.versions(outside.map(nameOf).filter(isPackageName))
  const ofFiles = new Map<ResourceId, string | Error>()
  for (const one of wanted) {
    const { source } = one.params
    if (source !== undefined && isPresent(one.params))
      ofFiles.set(one.id, await versionOfFile(host, one, source))
  }
  const asked = new Set(outside.map(({ id }) => id))
  return (one) => {
    if (!asked.has(one.id)) return ofFiles.get(one.id)
    return newestInRange(available.get(nameOf(one)) ?? [], one.params.version ?? '', compareDebVersions)
  }
}

async function versionOfFile(
  host: Host,
  { id, where, ...wanted }: Wanted<PackageParams>,
  path: string,
): Promise<string | Error> {
  try {
    const { name, version } = await host.dpkg.inFile(path)
    // An architecture is none of its name.
    if (name === nameOf(wanted).replace(/:.*/, '')) return version
    throw new RekindleError({
      code: 'resource-unreadable',
      message: `Cannot read ${id}: "${path}" holds the package "${name}"`,
      where,
      wanted: `the package "${nameOf(wanted)}"`,
    })
  } catch (error) {
    return toError(error)
  }
}

export function diffApt(wanted: Wanted<PackageParams>, state: AptState): readonly Change[] {
  return [...diffVersion(wanted, state), ...diffHold(wanted, state)]
}

function diffVersion(
  { params }: Wanted<PackageParams>,
  { found, candidate, resolved }: AptState,
): readonly Change[] {
  const from = renderFound(found)
  const isAbsent = found === undefined || found.state === 'not-installed' || found.state === 'config-files'
  switch (params.ensure ?? 'present') {
    case 'absent':
      return isAbsent ? [] : [{ property: 'ensure', from, to: 'absent' }]
    case 'purged':
      return found === undefined || found.state === 'not-installed'
        ? []
        : [{ property: 'ensure', from, to: 'purged' }]
    case 'present': {
      const to = resolved ?? params.version
      if (found === undefined || !isInstalled(found))
        return [{ property: 'ensure', from, to: to ?? 'present' }]
      if (to === undefined || to === found.version || isSettled(params, found)) return []
      return [{ property: 'version', from, to }]
    }
    case 'latest':
      if (found === undefined || !isInstalled(found))
        return [{ property: 'ensure', from, to: candidate ?? 'latest' }]
      // A hold is somebody's word that the version stays: apt's own upgrade passes over it, too.
      if (candidate === null || candidate === found.version || (found.held && params.held === undefined))
        return []
      return [{ property: 'version', from, to: candidate }]
  }
}

/** Installed, and inside the range that is asked for. */
function isSettled({ version }: PackageParams, found: DpkgPackage): boolean {
  if (version === undefined || !isRange(version) || found.version === undefined) return false
  return isInRange(found.version, version, compareDebVersions)
}

function diffHold({ params }: Wanted<PackageParams>, { found }: AptState): readonly Change[] {
  if (params.held === undefined || !isPresent(params)) return []
  const isHeld = found?.held === true
  return isHeld === params.held ? [] : [{ property: 'held', from: String(isHeld), to: String(params.held) }]
}

/** The package manager's name for it. */
export function nameOf({ title, params }: Pick<Wanted<PackageParams>, 'title' | 'params'>): string {
  return params.name ?? title
}

export function isPresent({ ensure = 'present' }: PackageParams): boolean {
  return ensure === 'present' || ensure === 'latest'
}

/** The packages that a person chose, or the one of that name; what came as a dependency follows from them. */
export async function inspectApt(host: Host, title: string | undefined): Promise<readonly Instance[]> {
  const { packages } = host.dpkg.read()
  if (title === undefined) {
    const chosen = await host.dpkg.chosen()
    return chosen.flatMap((name) => instanceOf(name, packages.get(name)))
  }
  return instanceOf(title, packages.get(title))
}

function instanceOf(title: string, found: DpkgPackage | undefined): readonly Instance[] {
  if (found === undefined || !isInstalled(found)) return []
  return [
    {
      title,
      params: { ...(found.held ? { held: true, version: found.version } : {}) },
      ...(found.isBase ? { protectedBy: 'it belongs to the base system' } : {}),
    },
  ]
}

/** `latest` needs candidates; and whether a name that another package provides is a package itself, apt alone knows. */
function namesToAskFor(
  wanted: Wanted<PackageParams>,
  { packages, providers }: DpkgDatabase,
): readonly string[] {
  const { params } = wanted
  const title = nameOf(wanted)
  if (!isPackageName(title) || !mayBeProvided(params)) return []
  const provided = isKnown(packages.get(title)) ? [] : (providers.get(title) ?? [])
  return params.ensure === 'latest' || provided.length > 0 ? [title, ...provided] : []
}

function stateOf(
  wanted: Wanted<PackageParams>,
  { packages, providers }: DpkgDatabase,
  candidates: ReadonlyMap<string, string | null>,
): AptState {
  const { params } = wanted
  const title = nameOf(wanted)
  const own = packages.get(title)
  const candidate = candidates.get(title) ?? null
  if (isKnown(own) || candidate !== null || !mayBeProvided(params)) return { found: own, candidate }
  const [provider] = providers.get(title) ?? []
  if (provider === undefined) return { found: own, candidate }
  return { found: packages.get(provider), candidate: candidates.get(provider) ?? null }
}

/** Another package may stand for this one, as in a dependency; not for an exact version, and not to be removed for it. */
function mayBeProvided({ ensure, version, held, source }: PackageParams): boolean {
  if (held !== undefined || source !== undefined) return false
  return ensure === 'latest' || ((ensure ?? 'present') === 'present' && version === undefined)
}

function isKnown(found: DpkgPackage | undefined): boolean {
  return found !== undefined && (isInstalled(found) || isHalfDone(found))
}

/** Debian policy 5.6.1, and an architecture. apt would take a dash at the end for a wish to remove. */
function isPackageName(title: string): boolean {
  return /^[a-z0-9][a-z0-9+.-]*[a-z0-9+.](:[a-z0-9-]*[a-z0-9])?$/.test(title)
}

function badName({ id, where, ...wanted }: Wanted<PackageParams>): Error {
  const title = nameOf(wanted)
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
