/** Pure: what an archive is by its first bytes, how it is listed and unpacked, and which names lead out of a directory. */
import { dirname, normalize, resolve } from 'node:path/posix'

export type Format = 'tar' | 'gzip' | 'bzip2' | 'xz' | 'zstd' | 'zip'

const magic: readonly (readonly [Format, offset: number, bytes: string])[] = [
  ['gzip', 0, '1f8b'],
  ['bzip2', 0, '425a68'],
  ['xz', 0, 'fd377a585a00'],
  ['zstd', 0, '28b52ffd'],
  ['zip', 0, '504b0304'],
  ['tar', 257, '7573746172'],
]

/** How many bytes formatOf() looks at. */
export const headBytes = 512

export function formatOf(head: Uint8Array): Format | undefined {
  const hex = Buffer.from(head).toString('hex')
  return magic.find(([, offset, bytes]) => hex.startsWith(bytes, offset * 2))?.[0]
}

/** The program that tar starts for it, and the Debian package of each. */
const programs: Readonly<Record<Format, readonly (readonly [program: string, pkg: string])[]>> = {
  tar: [['tar', 'tar']],
  gzip: [
    ['tar', 'tar'],
    ['gzip', 'gzip'],
  ],
  bzip2: [
    ['tar', 'tar'],
    ['bzip2', 'bzip2'],
  ],
  xz: [
    ['tar', 'tar'],
    ['xz', 'xz-utils'],
  ],
  zstd: [
    ['tar', 'tar'],
    ['zstd', 'zstd'],
  ],
  zip: [['unzip', 'unzip']],
}

export function programsFor(format: Format): readonly (readonly [program: string, pkg: string])[] {
  return programs[format]
}

function tarFilter(format: Format): readonly string[] {
  return format === 'tar' ? [] : [`--${format}`]
}

/** One entry a line, for parseTarListing(). */
export function tarListArguments(format: Format, path: string): readonly string[] {
  const options = ['--verbose', '--numeric-owner', '--absolute-names', '--quoting-style=c']
  return ['tar', '--list', ...options, ...tarFilter(format), '--file', path]
}

/** Into the working directory. Owners, setuid bits and access lists of the archive's maker are not taken over. */
export function unpackArguments(format: Format, path: string, strip: number): readonly string[] {
  if (format === 'zip') return ['unzip', '-q', '-o', path]
  const options = ['--no-same-owner', '--no-same-permissions', '--no-acls', '--no-selinux', '--no-xattrs']
  return ['tar', '--extract', ...options, ...tarFilter(format), `--strip-components=${strip}`, '--file', path]
}

/** @example leadsOut('../../etc/passwd') // true */
export function leadsOut(name: string): boolean {
  const plain = name.replaceAll('\\', '/')
  return plain.startsWith('/') || normalize(plain) === '..' || normalize(plain).startsWith('../')
}

/** A step up that is not at the beginning: what comes before it may be a link, and the step then goes up from there. */
const laterStepUp = /(?:^|\/)(?!\.{1,2}\/)[^/]+\/(?:.*\/)?\.\.(?:\/|$)/

/** Whether a link leads out of the tree that it stands in, or might; `path` is its own, relative to the tree. */
export function linkLeadsOut(path: string, target: string): boolean {
  const root = '/tree'
  const to = resolve(root, dirname(path), target)
  if (target.startsWith('/') || laterStepUp.test(target)) return true
  return to !== root && !to.startsWith(`${root}/`)
}
