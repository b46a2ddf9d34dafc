/** Pure: what tar and zipinfo say is in an archive, and whether any of it may not be unpacked. */
import { leadsOut, linkLeadsOut } from './format.ts'

export interface Entry {
  readonly name: string
  /** `other`: a pipe, a socket, or what only tar knows. */
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink' | 'device' | 'other'
  /** Where a link leads. */
  readonly target?: string
}

/** The first letter of a line, as `ls` has it, and tar's own for hard links. */
const kinds: Readonly<Record<string, Entry['kind']>> = {
  '-': 'file',
  C: 'file',
  d: 'directory',
  l: 'symlink',
  h: 'hardlink',
  b: 'device',
  c: 'device',
}

const quoted = '"((?:[^"\\\\]|\\\\.)*)"'
const tarLine = new RegExp(`^(.)\\S+ +\\S+ +\\S+ +\\S+ +\\S+ ${quoted}(?: (?:->|link to) ${quoted})?$`)

/**
 * @param text what `tar --list --verbose --quoting-style=c` prints
 * @returns the line that is not understood, in place of entries
 */
export function parseTarListing(text: string): readonly Entry[] | string {
  const entries: Entry[] = []
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, letter = '', name, target] = tarLine.exec(line) ?? []
    if (name === undefined) return line
    const kind = kinds[letter] ?? 'other'
    entries.push({ name: unquote(name), kind, ...(target === undefined ? {} : { target: unquote(target) }) })
  }
  return entries
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\x07',
}

/** What is no UTF-8 comes as octal bytes. */
function unquote(text: string): string {
  const pieces = [...text.matchAll(/\\([0-7]{3})|\\(.)|[^\\]+/g)].map(([plain, octal, escaped]) => {
    if (octal !== undefined) return Buffer.from([Number.parseInt(octal, 8)])
    return Buffer.from(escaped === undefined ? plain : (escapes[escaped] ?? escaped))
  })
  return Buffer.concat(pieces).toString()
}

/** Lines of zipinfo's short format, between its head and its sum: the type, seven columns more, the name. */
const zipLine = /^([-a-z?])\S+ +\S+ +\S+ +\d+ \S+ \S+ \S+ \S+ /

/**
 * @param names what `unzip -Z1` prints
 * @param listing what `unzip -Z` prints, in the same order
 * @returns names of links; undefined when the two do not match
 */
export function parseZipLinks(names: string, listing: string): readonly string[] | undefined {
  const all = names.split('\n').filter((name) => name !== '')
  const types = listing.split('\n').flatMap((line) => zipLine.exec(line)?.[1] ?? [])
  if (types.length !== all.length) return undefined
  return all.filter((_, index) => types[index] === 'l')
}

/** unzip takes names for patterns. */
export function zipPattern(name: string): string {
  return name.replaceAll('\\', '\\\\').replaceAll(/[[*?]/g, '[$&]')
}

/** Why an archive is not to be trusted with any of the rest; undefined: nothing speaks against it. */
export function wrongIn(entries: readonly Entry[], strip: number): string | undefined {
  for (const { name, kind, target } of entries) {
    if (leadsOut(name)) return `its entry "${name}" leads out of the directory`
    if (kind === 'device') return `its entry "${name}" is a device`
    const isOut =
      (kind === 'symlink' && linkLeadsOut(stripped(name, strip), target ?? '')) ||
      (kind === 'hardlink' && leadsOut(target ?? ''))
    if (isOut) return `its link "${name}" leads out of the directory, to "${target}"`
  }
  return undefined
}

function stripped(name: string, strip: number): string {
  return name
    .split('/')
    .filter((part) => part !== '.' && part !== '')
    .slice(strip)
    .join('/')
}
