/** Pure: what edits by position share. */

export interface Splice {
  readonly from: number
  /** Absent: nothing goes. */
  readonly to?: number
  readonly put?: string
}

/** All positions are those of the text before; they do not overlap. */
export function spliceAll(text: string, splices: readonly Splice[]): string {
  let result = text
  for (const { from, to = from, put = '' } of splices.toSorted((a, b) => b.from - a.from))
    result = result.slice(0, from) + put + result.slice(to)
  return result
}

/** The white space that the line of a position begins with. */
export function indentAt(text: string, at: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, at)))?.[0] ?? ''
}

export function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1
}

/** Position of the line end, or of the text's. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}

/** Whether only white space stands between the line's begin and the position. */
export function beginsLine(text: string, at: number): boolean {
  return text.slice(lineStart(text, at), at).trim() === ''
}

/** Of a position in a text, counted from 1, for people. */
export function shownPosition(text: string, at: number): string {
  return `line ${text.slice(0, at).split('\n').length}, column ${at - lineStart(text, at) + 1}`
}
