/** The packages that rpm's database holds: one `rpm -qa` for dnf, zypper and rpm itself. */
import type { Host } from '../../host/host.ts'
import { parseRpmList, type RpmPackage, rpmFormat } from './rpm-answer.ts'
import { compareRpmVersions } from './rpm-version.ts'
import { ask } from './tool.ts'

/** By name, and by `name.arch`; a name has several versions where they live side by side, as kernels do. Newest first. */
export async function readRpmDatabase(host: Host): Promise<ReadonlyMap<string, readonly string[]>> {
  const argv = ['rpm', '--query', '--all', '--queryformat', rpmFormat]
  const { stdout } = await ask(host, argv, 'the packages of rpm')
  return versionsByName(parseRpmList(stdout))
}

export function versionsByName(packages: readonly RpmPackage[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const { name, arch, version } of packages) {
    for (const key of [name, `${name}.${arch}`]) {
      const versions = found.get(key)
      if (versions === undefined) found.set(key, [version])
      else if (!versions.includes(version)) versions.push(version)
    }
  }
  for (const versions of found.values()) versions.sort((a, b) => compareRpmVersions(b, a))
  return found
}

/** A name of rpm's, perhaps with an architecture; nothing that dnf would take for a pattern, a file or an option. */
export function isRpmName(title: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9._+-]*$/.test(title)
}
