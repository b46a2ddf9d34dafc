/** Versions of what is installed: from the database's text where it is text, from `rpm` where it is not. */
import type { DpkgDatabase } from '../host/dpkg-status.ts'
import { isInstalled } from '../host/dpkg-status.ts'
import type { Host } from '../host/host.ts'
import type { FactFiles } from './files.ts'

/** By name, sorted; with `:architecture` for those of a foreign one. */
export type Versions = Readonly<Record<string, string>>

/** @throws Error when the database is there and cannot be read: a host must not look like one without packages */
export async function readPackages(
  manager: string,
  host: Pick<Host, 'dpkg' | 'exec'>,
  files: Pick<FactFiles, 'read' | 'list'>,
): Promise<Versions> {
  switch (manager) {
    case 'apt':
      return dpkgVersions(host.dpkg.read())
    case 'apk':
      return parseApk(files.read('lib/apk/db/installed'))
    case 'pacman':
      return parsePacman(files.list('var/lib/pacman/local'))
    case 'dnf':
    case 'zypper':
    case 'rpm':
      return parseRpm(await queryRpm(host.exec))
    default:
      return {}
  }
}

export function dpkgVersions({ packages }: DpkgDatabase): Versions {
  const versions = [...new Set(packages.values())].flatMap((found) => {
    if (!isInstalled(found) || found.version === undefined) return []
    const isNative = packages.get(found.name) === found
    return [[isNative ? found.name : `${found.name}:${found.architecture}`, found.version] as const]
  })
  return sorted(versions)
}

/** Stanzas of `P:name` and `V:version`. */
export function parseApk(installed: string): Versions {
  const versions = installed.split('\n\n').flatMap((stanza) => {
    const [name, version] = [/^P:(.+)$/m.exec(stanza)?.[1], /^V:(.+)$/m.exec(stanza)?.[1]]
    return name === undefined || version === undefined ? [] : [[name, version] as const]
  })
  return sorted(versions)
}

/** Directories are named `name-version-release`; neither version nor release has a hyphen. */
export function parsePacman(directories: readonly string[]): Versions {
  const versions = directories.flatMap((directory) => {
    const match = /^(.+)-([^-]+-[^-]+)$/.exec(directory)
    return match === null ? [] : [[match[1] ?? '', match[2] ?? ''] as const]
  })
  return sorted(versions)
}

const rpmFormat = '%{NAME}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n'

/** Of packages that are there several times, such as kernels, the last that rpm lists. Keys are no packages. */
export function parseRpm(answer: string): Versions {
  const lines = answer.split('\n').map((line) => line.split('\t'))
  return sorted(
    lines.flatMap(([name = '', version]) =>
      version === undefined || name === 'gpg-pubkey' ? [] : [[name, version] as const],
    ),
  )
}

async function queryRpm(exec: Host['exec']): Promise<string> {
  const argv = ['rpm', '--query', '--all', '--queryformat', rpmFormat]
  const { code, stdout, stderr } = await exec.run(argv, { timeoutMs: 60_000, keptBytes: 16 * 1024 ** 2 })
  if (code !== 0) throw new Error(`rpm exited with ${code}: ${stderr.trim()}`)
  return stdout
}

function sorted(versions: readonly (readonly [string, string])[]): Versions {
  return Object.fromEntries(versions.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
