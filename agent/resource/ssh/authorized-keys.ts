/**
 * Pure: the lines of an authorized_keys file (sshd(8)). What is no key stays as it is: comments, blank lines, and lines
 * that sshd does not understand either.
 */
import { insertLines, joinLines, type Line, splitLines } from '../piece/line.ts'
import { type KeyText, parseKeyText, renderKeyText } from './key-line.ts'

export interface AuthorizedKey extends KeyText {
  /** As they stand there, such as `command="/bin/true"`. */
  readonly options: readonly string[]
}

export function parseAuthorizedKeys(text: string): readonly AuthorizedKey[] {
  return splitLines(text).flatMap((line) => parseAuthorizedKey(line.text) ?? [])
}

export function parseAuthorizedKey(line: string): AuthorizedKey | undefined {
  const text = line.replace(/^[ \t]+/, '')
  if (text.startsWith('#')) return undefined
  const bare = parseKeyText(text)
  if (bare !== undefined) return { ...bare, options: [] }
  const end = endOfOptions(text)
  const behind = end === undefined ? undefined : parseKeyText(text.slice(end).replace(/^[ \t]+/, ''))
  return behind === undefined ? undefined : { ...behind, options: splitOptions(text.slice(0, end)) }
}

/** The first blank outside of quotes; undefined when a quote stays open. */
function endOfOptions(text: string): number | undefined {
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    if (text.startsWith('\\"', at)) at++
    else if (text[at] === '"') isQuoted = !isQuoted
    else if (!isQuoted && (text[at] === ' ' || text[at] === '\t')) return at
  }
  return isQuoted ? undefined : text.length
}

/** At the commas outside of quotes. */
export function splitOptions(text: string): readonly string[] {
  return (text.match(/(?:"(?:\\"|[^"])*"|\\"|[^,"])+/g) ?? []).filter((option) => option !== '')
}

/**
 * The text with one line of that key: the first one is edited, later ones go, a new one stands at the end. Without options
 * and comment to set, all of them go.
 */
export function setAuthorizedKey(text: string, key: string, wanted: AuthorizedKey | undefined): string {
  let isPlaced = wanted === undefined
  const lines = splitLines(text).flatMap((line): readonly Line[] => {
    const found = parseAuthorizedKey(line.text)
    if (found?.key !== key) return [line]
    if (wanted === undefined || isPlaced) return []
    isPlaced = true
    return [isSame(found, wanted) ? line : { ...line, text: render(wanted) }]
  })
  if (isPlaced || wanted === undefined) return joinLines(lines)
  return joinLines(insertLines(lines, lines.length, [render(wanted)]))
}

/** The text without the keys for which `isKept` does not hold. */
export function keepAuthorizedKeys(text: string, isKept: (found: AuthorizedKey) => boolean): string {
  return joinLines(
    splitLines(text).filter((line) => {
      const found = parseAuthorizedKey(line.text)
      return found === undefined || isKept(found)
    }),
  )
}

function isSame(a: AuthorizedKey, b: AuthorizedKey): boolean {
  return a.comment === b.comment && a.options.join(',') === b.options.join(',')
}

function render({ options, ...key }: AuthorizedKey): string {
  const text = renderKeyText(key)
  return options.length === 0 ? text : `${options.join(',')} ${text}`
}
