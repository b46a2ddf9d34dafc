import fc from 'fast-check'
import { expect, test } from 'vitest'
import { insertLines, joinLines, placeOf, shownLines, splitLines } from './line.ts'

const texts = fc
  .array(fc.tuple(fc.stringMatching(/^[a-c \r]{0,4}$/), fc.constantFrom('\n', '\r\n', '')))
  .map((lines) => lines.map((line) => line.join('')).join(''))

test('joinLines() gives back what splitLines() took apart, whatever it was', () => {
  fc.assert(
    fc.property(fc.oneof(texts, fc.string()), (text) => {
      expect(joinLines(splitLines(text))).toBe(text)
    }),
  )
})

test.each([
  ['', 0, 'x\n'],
  ['a', 1, 'a\nx\n'],
  ['a\n', 1, 'a\nx\n'],
  ['a\n', 0, 'x\na\n'],
  ['a\r\nb\r\n', 1, 'a\r\nx\r\nb\r\n'],
  ['a\r\nb', 2, 'a\r\nb\r\nx\r\n'],
])('insertLines() of %j at %i keeps the line ends', (text, at, wanted) => {
  expect(joinLines(insertLines(splitLines(text), at, ['x']))).toBe(wanted)
})

test('placeOf() is below the last match of "after", above the first of "before", or the end', () => {
  const lines = splitLines('a\nb\na\nb\n')
  expect(placeOf(lines, { after: '^a' })).toBe(3)
  expect(placeOf(lines, { before: '^b' })).toBe(1)
  expect([placeOf(lines, { after: 'z' }), placeOf(lines, { before: 'z' }), placeOf(lines, {})]).toEqual([
    4, 4, 4,
  ])
})

test('shownLines() counts from 1', () => {
  expect([shownLines([2]), shownLines([0, 1]), shownLines([0, 1, 6])]).toEqual([
    'line 3',
    'lines 1 and 2',
    'lines 1, 2 and 7',
  ])
})
