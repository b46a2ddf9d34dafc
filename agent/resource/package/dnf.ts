/**
 * Packages of Fedora, RHEL and their kin. What is installed, rpm tells; what could be, `dnf repoquery` tells, which
 * respects excludes, modules and versionlock as an upgrade would. dnf waits for its lock by itself, and installs an
 * exact version whether it is higher or lower.
 */
import type { Host } from '../../host/host.ts'
import {
  dnfComplaint,
  parseRepoquery,
  parseVersionlock,
  parseVersionlockToml,
  repoqueryFormat,
} from './rpm-answer.ts'
import { isRpmName, readRpmDatabase, versionsByName } from './rpm-database.ts'
import { compareRpmVersions, isRpmVersion } from './rpm-version.ts'
import { ask, change, missing, quote, type ToolWish, textOf } from './tool.ts'
import { namesAsked, packagesOf, type ToolProvider, type ToolQuery } from './tool-provider.ts'

const dnf = ['dnf', '--assumeyes', '--color=never']

/** What repositories have, by name, newest first. */
export async function readDnfVersions(
  host: Host,
  names: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (names.length === 0) return new Map()
  const query = [
    '--quiet',
    'repoquery',
    '--available',
    '--showduplicates',
    `--queryformat=${repoqueryFormat}`,
  ]
  const { stdout } = await ask(host, [...dnf, ...query, ...names], 'what dnf could install', {
    complaint: dnfComplaint,
  })
  return versionsByName(parseRepoquery(stdout))
}

/** Names that the versionlock plugin keeps; dnf 4 and dnf 5 have a file each. */
export function readDnfLocks(host: Host): ReadonlySet<string> {
  return new Set([
    ...parseVersionlock(textOf(host, '/etc/dnf/plugins/versionlock.list')),
    ...parseVersionlockToml(textOf(host, '/etc/dnf/versionlock.toml')),
  ])
}

/** One transaction for all: dnf does nothing when one of them cannot be had. */
export async function installByDnf(
  host: Host,
  wishes: readonly ToolWish[],
  options: readonly string[] = [],
): Promise<void> {
  const specs = wishes.map(specOf)
  const what = `install ${quote(wishes.map(({ name }) => name))}`
  const argv = [...dnf, ...options, 'install', ...specs]
  const complaint = dnfComplaint
  try {
    await change(host, argv, what, { complaint })
  } catch (error) {
    if (!isAboutMetadata(error)) throw error
    // A repository may have moved on since dnf last looked.
    await change(host, [...dnf, '--refresh', ...options, 'install', ...specs], what, { complaint })
  }
}

export async function removeByDnf(host: Host, names: readonly string[]): Promise<void> {
  await change(host, [...dnf, 'remove', ...names], `remove ${quote(names)}`, { complaint: dnfComplaint })
}

export async function holdByDnf(host: Host, names: readonly string[], isHeld: boolean): Promise<void> {
  const verb = isHeld ? 'add' : 'delete'
  await change(
    host,
    [...dnf, 'versionlock', verb, ...names],
    `${isHeld ? 'hold' : 'release'} ${quote(names)}`,
    {
      hint: (said) =>
        said.includes('No such command')
          ? 'The package python3-dnf-plugin-versionlock brings dnf versionlock'
          : undefined,
    },
  )
}

function specOf({ name, version, source }: ToolWish): string {
  if (source !== undefined) return source
  if (version === undefined) return name
  // The version may carry the architecture that the name carries, too.
  const arch = /\.[^.]+$/.exec(version)?.[0] ?? ''
  return `${name.endsWith(arch) && arch !== '' ? name.slice(0, -arch.length) : name}-${version}`
}

function isAboutMetadata(error: unknown): boolean {
  return error instanceof Error && /Unable to find a match|Failed to download|404/.test(error.message)
}

async function read(host: Host, query: ToolQuery) {
  const installed = await readRpmDatabase(host)
  const available = await readDnfVersions(host, namesAsked(query))
  const locks = readDnfLocks(host)
  return packagesOf(query, { installed, available, isHeld: (name) => locks.has(name) })
}

export const dnfProvider = {
  name: 'dnf',
  features: new Set(['versionable', 'upgradeable', 'holdable', 'ranges', 'local-file'] as const),
  unusable: (host) => missing(host, 'dnf', 'the package dnf') ?? missing(host, 'rpm', 'the package rpm'),
  read,
  install: (host, wishes, { options }) => installByDnf(host, wishes, options),
  remove: (host, names) => removeByDnf(host, names),
  hold: holdByDnf,
  compareVersions: compareRpmVersions,
  isVersion: isRpmVersion,
  isName: isRpmName,
} satisfies ToolProvider
