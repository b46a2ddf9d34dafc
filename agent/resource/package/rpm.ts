/** Package files for rpm alone, without repositories: it resolves nothing, and says which dependency fails. */
import type { Host } from '../../host/host.ts'
import { parseRpmList, type RpmPackage, rpmFormat } from './rpm-answer.ts'
import { isRpmName, readRpmDatabase } from './rpm-database.ts'
import { compareRpmVersions, isRpmVersion } from './rpm-version.ts'
import { ask, change, missing, quote, type ToolWish } from './tool.ts'
import { packagesOf, type ToolProvider, type ToolQuery } from './tool-provider.ts'

/** What a package file has in it. */
export async function readRpmFile(host: Host, source: string): Promise<RpmPackage | undefined> {
  const argv = ['rpm', '--query', '--package', '--queryformat', rpmFormat, source]
  const { stdout } = await ask(host, argv, `the package file "${source}"`, { complaint: rpmComplaint })
  return parseRpmList(stdout)[0]
}

/** A file is the version that it is: what is installed is replaced by it, also when it is newer. */
export async function installByRpm(
  host: Host,
  wishes: readonly ToolWish[],
  options: readonly string[] = [],
): Promise<void> {
  const sources = wishes.flatMap(({ source }) => source ?? [])
  const argv = ['rpm', '--upgrade', '--oldpackage', ...options, ...sources]
  await change(host, argv, `install ${quote(wishes.map(({ name }) => name))}`, { complaint: rpmComplaint })
}

export async function removeByRpm(host: Host, names: readonly string[]): Promise<void> {
  // All versions, where several of one name live side by side.
  const argv = ['rpm', '--erase', '--allmatches', ...names]
  await change(host, argv, `remove ${quote(names)}`, { complaint: rpmComplaint })
}

/** Debian's rpm warns of itself on each call. */
export function rpmComplaint({ stderr }: { readonly stderr: string }): string | undefined {
  const lines = stderr.split('\n').filter((line) => !line.startsWith('rpm: ') && line.trim() !== '')
  return lines.map((line) => line.replace(/\s+/g, ' ').trim()).join('; ') || undefined
}

/** What a file has in it is the one version that could be installed. */
async function read(host: Host, query: ToolQuery) {
  const available = new Map<string, readonly string[]>()
  for (const [name, source] of query.sources ?? []) {
    const found = await readRpmFile(host, source)
    if (found !== undefined) available.set(name, [found.version])
  }
  return packagesOf(query, { installed: await readRpmDatabase(host), available })
}

export const rpmProvider = {
  name: 'rpm',
  features: new Set(['upgradeable', 'local-file'] as const),
  unusable: (host) => missing(host, 'rpm', 'the package rpm'),
  read,
  install: (host, wishes, { options }) => installByRpm(host, wishes, options),
  remove: (host, names) => removeByRpm(host, names),
  compareVersions: compareRpmVersions,
  isVersion: isRpmVersion,
  isName: isRpmName,
} satisfies ToolProvider
