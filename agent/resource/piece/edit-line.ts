/** Pure: the text with one line as `file_line` wants it. */
import type { FileLineParams } from '../../../schemas/generated/types.ts'
import { insertLines, joinLines, type Line, placeOf, shownLines, splitLines } from './line.ts'
import { Refusal } from './refusal.ts'
import type { Edit } from './text-piece.ts'

export function editLine(params: FileLineParams, text: string): Edit {
  const lines = splitLines(text)
  return params.ensure === 'absent' ? remove(params, lines) : put(params, lines)
}

function put(params: FileLineParams, lines: readonly Line[]): Edit {
  const { line = '', match } = params
  const found = match === undefined ? [] : indexesOf(lines, match)
  if (found.length > 0) return replace(params, lines, found)
  const isThere = match === undefined && lines.some(({ text }) => text === line)
  // A pattern that fits nothing may still come to fit: the line itself is what it wants.
  const isLeft = match !== undefined && params.append === false
  const after = isThere || isLeft ? lines : insertLines(lines, placeOf(lines, params), [line])
  return { text: joinLines(after), change: { property: 'line', from: null, to: line } }
}

function replace(
  { line = '', multiple, replace: mayReplace = true }: FileLineParams,
  lines: readonly Line[],
  found: readonly number[],
): Edit {
  assertOne(found, multiple)
  const different = found.filter((index) => lines[index]?.text !== line)
  const after = lines.map((one, index) => (different.includes(index) ? { ...one, text: line } : one))
  return {
    text: joinLines(mayReplace ? after : lines),
    change: { property: 'line', from: textsOf(lines, different), to: line },
  }
}

function remove({ line, match, multiple }: FileLineParams, lines: readonly Line[]): Edit {
  const found =
    match === undefined
      ? lines.flatMap(({ text }, index) => (text === line ? [index] : []))
      : indexesOf(lines, match)
  if (match !== undefined) assertOne(found, multiple)
  return {
    text: joinLines(lines.filter((_, index) => !found.includes(index))),
    change: { property: 'line', from: textsOf(lines, found), to: null },
  }
}

function assertOne(found: readonly number[], multiple = false): void {
  if (found.length < 2 || multiple) return
  throw new Refusal(
    `${shownLines(found)} match, and one was expected`,
    'Make "match" fit one line, or set "multiple: true" to take them all',
  )
}

function indexesOf(lines: readonly Line[], match: string): readonly number[] {
  const pattern = new RegExp(match)
  return lines.flatMap(({ text }, index) => (pattern.test(text) ? [index] : []))
}

function textsOf(lines: readonly Line[], indexes: readonly number[]): string {
  return [...new Set(indexes.map((index) => lines[index]?.text ?? ''))].join(' | ')
}
