/** Pure: entries of a hosts file (hosts(5)). Lines that are none, whatever they are, stay as they are. */
import { insertLines, joinLines, type Line, splitLines } from './line.ts'

export interface HostsEntry {
  readonly ip: string
  /** The first name on the line. */
  readonly name: string
  readonly aliases: readonly string[]
  /** Empty: none. */
  readonly comment: string
}

/** Absent: what is there stays. */
export interface WantedEntry {
  readonly ip: string
  readonly name: string
  readonly aliases?: readonly string[] | undefined
  readonly comment?: string | undefined
}

export function parseHosts(text: string): readonly HostsEntry[] {
  return splitLines(text).flatMap((line) => parseLine(line.text)?.entry ?? [])
}

interface Parsed {
  readonly entry: HostsEntry
  readonly indent: string
  /** Between address and name. */
  readonly gap: string
}

const shape = /^(\s*)([0-9A-Fa-f:.]+(?:%[^\s#]+)?)([ \t]+)([^\s#][^#]*?)\s*(?:#\s*(.*?)\s*)?$/

function parseLine(text: string): Parsed | undefined {
  const found = shape.exec(text)
  if (found === null) return undefined
  const [, indent = '', ip = '', gap = '', names = '', comment = ''] = found
  if (!isAddress(ip)) return undefined
  const [name = '', ...aliases] = names.split(/\s+/)
  return { entry: { ip, name, aliases, comment }, indent, gap }
}

/** Good enough to tell an address from a mistake. */
function isAddress(ip: string): boolean {
  if (isIpv6(ip)) return /^[0-9A-Fa-f:.]{2,}(%.+)?$/.test(ip)
  const parts = ip.split('.')
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)
}

export function isIpv6(ip: string): boolean {
  return ip.includes(':')
}

/** Names of hosts are the same in upper and lower case (RFC 1035, section 2.3.3). */
export function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/**
 * The text with one line for which `isIt` holds: the first of them is edited, later ones go, a new one stands at the end.
 * Without an entry all of them go.
 */
export function setHostsEntry(
  text: string,
  isIt: (found: HostsEntry) => boolean,
  entry: WantedEntry | undefined,
): string {
  let isPlaced = entry === undefined
  const lines = splitLines(text).flatMap((line): readonly Line[] => {
    const parsed = parseLine(line.text)
    if (parsed === undefined || !isIt(parsed.entry)) return [line]
    if (entry === undefined || isPlaced) return []
    isPlaced = true
    return [{ ...line, text: edited(line.text, parsed, entry) }]
  })
  if (isPlaced || entry === undefined) return joinLines(lines)
  return joinLines(insertLines(lines, lines.length, [render(entry, { indent: '', gap: '\t' })]))
}

function edited(text: string, { entry, indent, gap }: Parsed, wanted: WantedEntry): string {
  const { aliases = entry.aliases, comment = entry.comment } = wanted
  const isSame =
    wanted.ip === entry.ip && comment === entry.comment && aliases.join(' ') === entry.aliases.join(' ')
  return isSame ? text : render({ ...wanted, name: entry.name, aliases, comment }, { indent, gap })
}

function render(
  { ip, name, aliases = [], comment = '' }: WantedEntry,
  { indent, gap }: { readonly indent: string; readonly gap: string },
): string {
  return `${indent}${ip}${gap}${[name, ...aliases].join(' ')}${comment === '' ? '' : ` # ${comment}`}`
}
