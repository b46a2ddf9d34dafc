import { createTwoFilesPatch } from 'diff'
import { describe, expect, it } from 'vitest'
import { countDiff, parseDiff } from './diff-lines.ts'

const signs = { added: '+', removed: '-', same: ' ', hunk: '', note: '#' } as const

function shape(diff: string): readonly string[] {
  return parseDiff(diff).map(({ kind, text }) => `${signs[kind]}${text}`)
}

describe('parseDiff()', () => {
  it('reads what the diff package writes', () => {
    const patch = createTwoFilesPatch('/etc/motd', '/etc/motd', 'a\nb\nc\n', 'a\nx\nc\n', 'found', 'wanted')
    expect(shape(patch)).toEqual(['@@ -1,3 +1,3 @@', ' a', '-b', '+x', ' c'])
  })

  it('numbers the lines of both texts, each from its hunk', () => {
    const lines = parseDiff('@@ -10,2 +20,3 @@\n same\n-old\n+new\n+more\n')
    expect(lines.map(({ oldLine, newLine }) => [oldLine, newLine])).toEqual([
      [null, null],
      [10, 20],
      [11, null],
      [null, 21],
      [null, 22],
    ])
  })

  it('takes a removed line that looks like a header for what it is', () => {
    expect(shape('--- a\n+++ b\n@@ -1 +1 @@\n--- rule\n+++ rule\n')).toEqual([
      '@@ -1 +1 @@',
      '--- rule',
      '+++ rule',
    ])
  })

  it('keeps the note on a missing newline, and an empty line of context', () => {
    expect(shape('@@ -1,2 +1,2 @@\n\n-b\n\\ No newline at end of file\n+b\n')).toEqual([
      '@@ -1,2 +1,2 @@',
      ' ',
      '-b',
      '#No newline at end of file',
      '+b',
    ])
  })

  it('shows text that is not a diff as a note, so that nothing is hidden', () => {
    expect(shape('binary files differ')).toEqual(['#binary files differ'])
  })
})

it('countDiff() counts what was added and removed', () => {
  expect(countDiff(parseDiff('@@ -1,2 +1 @@\n-a\n-b\n+c\n'))).toEqual({ added: 1, removed: 2 })
})
