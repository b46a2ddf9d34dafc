import type { Facts } from '../../schemas/generated/types.ts'

/** Parses /etc/os-release: `NAME=value` lines, the value maybe in quotes (os-release(5)). */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const entries = text.split('\n').flatMap((line) => {
    const match = /^\s*([A-Z][A-Z0-9_]*)=(.*?)\s*$/.exec(line)
    return match === null ? [] : [[match[1] ?? '', unquote(match[2] ?? '')] as const]
  })
  return new Map(entries)
}

/** @param arch as Node names it: `process.arch` */
export function osFacts(osRelease: string, arch: string): Facts['os'] {
  const release = parseOsRelease(osRelease)
  const id = release.get('ID') ?? 'linux'
  const like = (release.get('ID_LIKE') ?? '').split(/\s+/)
  return {
    id,
    name: release.get('NAME') ?? '',
    prettyName: release.get('PRETTY_NAME') ?? '',
    family: id === 'debian' || like.includes('debian') ? 'debian' : id,
    release: release.get('VERSION_ID') ?? '',
    codename: release.get('VERSION_CODENAME') ?? '',
    arch: dpkgArch(arch),
  }
}

const dpkgNames: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: 'i386',
  arm: 'armhf',
  ppc64: 'ppc64el',
  loong64: 'loong64',
}

/** Node's name of an architecture as dpkg has it. */
function dpkgArch(arch: string): string {
  return dpkgNames[arch] ?? arch
}

function unquote(value: string): string {
  const quote = value[0]
  if ((quote === '"' || quote === "'") && value.endsWith(quote) && value.length >= 2) {
    return value.slice(1, -1).replaceAll(/\\(["'\\$`])/g, '$1')
  }
  return value
}
