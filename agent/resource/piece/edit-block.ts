/** Pure: the text with one block between its markers as `file_block` wants it. */
import type { FileBlockParams } from '../../../schemas/generated/types.ts'
import { insertLines, joinLines, type Line, placeOf, shownLines, splitLines } from './line.ts'
import { Refusal } from './refusal.ts'
import type { Edit } from './text-piece.ts'

export interface BlockMarkers {
  readonly begin: string
  readonly end: string
}

/** Of marker lines of any block, and so of nothing that a content may hold. */
const anyMarker = /(^|\s)(BEGIN|END) REKINDLE /

export function markersOf(
  { comment = '#', suffix }: Pick<FileBlockParams, 'comment' | 'suffix'>,
  name: string,
): BlockMarkers {
  const tail = suffix === undefined ? '' : ` ${suffix}`
  return { begin: `${comment} BEGIN REKINDLE ${name}${tail}`, end: `${comment} END REKINDLE ${name}${tail}` }
}

interface Found {
  /** Indexes of the marker lines. */
  readonly begin: number
  readonly end: number
}

export function editBlock(params: FileBlockParams, title: string, text: string): Edit {
  const lines = splitLines(text)
  const markers = markersOf(params, params.name ?? title)
  const blocks = findBlocks(lines, markers)
  const [first] = blocks
  const from = first === undefined ? null : contentIn(lines, first)
  if (params.ensure === 'absent') {
    const change = { property: 'content', from, to: null }
    return { text: joinLines(without(lines, blocks)), change }
  }
  const content = splitLines(params.content ?? '').map((line) => line.text)
  const change = { property: 'content', from, to: content.join('\n') }
  if (first === undefined) {
    const block = [markers.begin, ...content, markers.end]
    return { text: joinLines(insertLines(lines, placeOf(lines, params), block)), change }
  }
  const kept = without(lines, blocks.slice(1))
  return { text: joinLines(isSame(lines, first, content) ? kept : refill(kept, first, content)), change }
}

/** @throws Refusal for a marker without its other, or another block inside */
function findBlocks(lines: readonly Line[], { begin, end }: BlockMarkers): readonly Found[] {
  const blocks: Found[] = []
  let open: number | undefined
  for (const [index, { text }] of lines.entries()) {
    const line = text.trim()
    if (line === begin && open === undefined) open = index
    else if (line === end && open !== undefined) {
      blocks.push({ begin: open, end: index })
      open = undefined
    } else if (line === end || (open !== undefined && anyMarker.test(line))) throw broken(index, open)
  }
  if (open !== undefined) throw broken(undefined, open)
  return blocks
}

function broken(index: number | undefined, open: number | undefined): Refusal {
  const hint = 'Put the missing marker back by hand, or remove the one that is left'
  if (open === undefined)
    return new Refusal(`the end of its block in line ${(index ?? 0) + 1} has no begin`, hint)
  const before = index === undefined ? 'the file ends' : `another marker stands in line ${index + 1}`
  return new Refusal(`its block begins in ${shownLines([open])} and does not end before ${before}`, hint)
}

function without(lines: readonly Line[], blocks: readonly Found[]): readonly Line[] {
  return lines.filter((_, index) => !blocks.some(({ begin, end }) => begin <= index && index <= end))
}

function contentIn(lines: readonly Line[], { begin, end }: Found): string {
  return lines
    .slice(begin + 1, end)
    .map(({ text }) => text)
    .join('\n')
}

function isSame(lines: readonly Line[], { begin, end }: Found, content: readonly string[]): boolean {
  const inside = lines.slice(begin + 1, end)
  return inside.length === content.length && inside.every(({ text }, index) => text === content[index])
}

function refill(lines: readonly Line[], { begin, end }: Found, content: readonly string[]): readonly Line[] {
  const emptied = [...lines.slice(0, begin + 1), ...lines.slice(end)]
  return insertLines(emptied, begin + 1, content)
}
