/** Pure: a text as lines that keep their ends, so that what is not edited is the same bytes after an edit. */

export interface Line {
  /** Without its end. */
  readonly text: string
  /** Empty for a last line that has none. */
  readonly end: '\n' | '\r\n' | ''
}

/** @example splitLines('a\r\nb') // [{ text: 'a', end: '\r\n' }, { text: 'b', end: '' }] */
export function splitLines(text: string): readonly Line[] {
  return (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((raw) => {
    const end = raw.endsWith('\r\n') ? '\r\n' : raw.endsWith('\n') ? '\n' : ''
    return { text: raw.slice(0, raw.length - end.length), end }
  })
}

export function joinLines(lines: readonly Line[]): string {
  return lines.map(({ text, end }) => text + end).join('')
}

/**
 * The lines with new ones in front of the one at that index. They end as the line above does, or the first of all; a last
 * line without an end gets one, since many programs pass over what does not end.
 */
export function insertLines(lines: readonly Line[], at: number, texts: readonly string[]): readonly Line[] {
  if (texts.length === 0) return lines
  const end = lines[at - 1]?.end || lines[0]?.end || '\n'
  const above = lines.slice(0, at).map((line) => (line.end === '' ? { ...line, end } : line))
  return [...above, ...texts.map((text) => ({ text, end })), ...lines.slice(at)]
}

/**
 * Index behind the last line of a part, for what is put at its end. A comment that touches the header below is about that,
 * where a blank line parts it from what stands above.
 */
export function endOfPart(lines: readonly Line[], from: number, to: number): number {
  const isBlank = (index: number) => lines[index]?.text.trim() === ''
  const isComment = (index: number) => /^\s*[#;]/.test(lines[index]?.text ?? '')
  let top = to
  while (to < lines.length && top > from && isComment(top - 1)) top--
  let at = top > from && isBlank(top - 1) ? top : to
  while (at > from && isBlank(at - 1)) at--
  return at
}

/** For people: `line 3`, or `lines 3, 7 and 9`; counted from 0, shown from 1. */
export function shownLines(indexes: readonly number[]): string {
  const numbers = indexes.map((index) => String(index + 1))
  const last = numbers.at(-1) ?? ''
  if (numbers.length < 2) return `line ${last}`
  return `lines ${numbers.slice(0, -1).join(', ')} and ${last}`
}

export interface Place {
  /** Below the last line that matches. */
  readonly after?: string | undefined
  /** Above the first line that matches. */
  readonly before?: string | undefined
}

/** Index at which a new line goes; where nothing matches, the end. */
export function placeOf(lines: readonly Line[], { after, before }: Place): number {
  if (after !== undefined) {
    const pattern = new RegExp(after)
    const found = lines.findLastIndex(({ text }) => pattern.test(text))
    return found === -1 ? lines.length : found + 1
  }
  if (before === undefined) return lines.length
  const pattern = new RegExp(before)
  const found = lines.findIndex(({ text }) => pattern.test(text))
  return found === -1 ? lines.length : found
}
