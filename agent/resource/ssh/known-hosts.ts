/** Pure: the lines of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). Lines of other hosts stay as they are. */
import { createHmac } from 'node:crypto'
import { insertLines, joinLines, type Line, splitLines } from '../piece/line.ts'
import { parseKeyText } from './key-line.ts'

export interface KnownHost {
  /** `cert-authority` or `revoked`; undefined for a plain key. */
  readonly marker: string | undefined
  /** Patterns as they stand there; one that is hashed begins with `|`. */
  readonly names: readonly string[]
  readonly type: string
  readonly key: string
  readonly comment: string
}

export interface WantedHost {
  readonly marker: string | undefined
  readonly name: string
  /** Undefined: those that are there stay. */
  readonly aliases: readonly string[] | undefined
  readonly type: string
  readonly key: string
}

export function parseKnownHosts(text: string): readonly KnownHost[] {
  return splitLines(text).flatMap((line) => parseKnownHost(line.text) ?? [])
}

export function parseKnownHost(line: string): KnownHost | undefined {
  const [, marker, names = '', rest = ''] = /^\s*(?:@(\S+)\s+)?([^\s#]\S*)\s+(.*)$/.exec(line) ?? []
  const found = parseKeyText(rest)
  return found === undefined ? undefined : { marker, names: names.split(','), ...found }
}

/** Whether a name stands for that host, hashed ones too: `|1|salt|HMAC-SHA1 of the name in lower case`. */
export function isNameOf(pattern: string, name: string): boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|(.+)$/.exec(pattern) ?? []
  if (salt === undefined) return pattern.toLowerCase() === name.toLowerCase()
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name.toLowerCase()).digest('base64') === hash
}

/** The text with one line for that name and type of key; of markers, one for that name and key. */
export function setKnownHost(text: string, wanted: WantedHost): string {
  const all = [wanted.name, ...(wanted.aliases ?? [])]
  let isPlaced = false
  const lines = splitLines(text).flatMap((line): readonly Line[] => {
    const found = parseKnownHost(line.text)
    if (found === undefined || !isRival(found, wanted)) return [line]
    if (!isPlaced && found.key === wanted.key && hasName(found, wanted.name)) {
      isPlaced = true
      return [withNames(line, found, wanted.aliases === undefined ? found.names : all)]
    }
    return withoutNames(line, found, all)
  })
  if (isPlaced) return joinLines(lines)
  return joinLines(insertLines(lines, lines.length, [render({ ...wanted, names: all, comment: '' })]))
}

export interface Unwanted {
  readonly marker: string | undefined
  readonly name: string
  readonly type: string | undefined
  readonly key: string | undefined
}

/** The text without that name; `type`, `key`: only where they are these. */
export function removeKnownHost(text: string, { marker, name, type, key }: Unwanted): string {
  return joinLines(
    splitLines(text).flatMap((line) => {
      const found = parseKnownHost(line.text)
      const isMeant =
        found !== undefined &&
        found.marker === marker &&
        (type === undefined || found.type === type) &&
        (key === undefined || found.key === key)
      return isMeant ? withoutNames(line, found, [name]) : [line]
    }),
  )
}

export function hasName({ names }: KnownHost, name: string): boolean {
  return names.some((pattern) => isNameOf(pattern, name))
}

/** ssh takes any key of a type that is there for the name, so that an old one beside the new would still count. */
function isRival(found: KnownHost, { marker, type, key }: WantedHost): boolean {
  return found.marker === marker && found.type === type && (marker === undefined || found.key === key)
}

function withNames(line: Line, found: KnownHost, names: readonly string[]): Line {
  const isSame =
    found.names.length === names.length &&
    names.every((name, at) => name === found.names[at] || isNameOf(found.names[at] ?? '', name))
  return isSame ? line : { ...line, text: render({ ...found, names }) }
}

function withoutNames(line: Line, found: KnownHost, names: readonly string[]): readonly Line[] {
  const left = found.names.filter((pattern) => !names.some((name) => isNameOf(pattern, name)))
  if (left.length === found.names.length) return [line]
  return left.length === 0 ? [] : [{ ...line, text: render({ ...found, names: left }) }]
}

function render({ marker, names, type, key, comment }: KnownHost): string {
  const words = [marker === undefined ? '' : `@${marker}`, names.join(','), type, key, comment]
  return words.filter((word) => word !== '').join(' ')
}
