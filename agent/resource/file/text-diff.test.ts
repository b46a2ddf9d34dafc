import { expect, test } from 'vitest'
import { textDiff } from './text-diff.ts'

const bytes = (text: string) => Buffer.from(text)
const lines = (count: number, word: string) =>
  Array.from({ length: count }, (_, at) => `${word} ${at}\n`).join('')

test('textDiff() is a unified diff with what was found and what is wanted', () => {
  expect(textDiff('/etc/motd', bytes('one\ntwo\nthree\n'), bytes('one\n2\nthree\n'))).toBe(
    [
      '--- /etc/motd\tfound',
      '+++ /etc/motd\twanted',
      '@@ -1,3 +1,3 @@',
      ' one',
      '-two',
      '+2',
      ' three',
      '',
    ].join('\n'),
  )
})

test('textDiff() says that a newline at the end is missing', () => {
  expect(textDiff('/f', bytes('a'), bytes('a\n'))).toContain('\\ No newline at end of file')
})

test('textDiff() shows at most 200 lines and says how many are left', () => {
  const shown = textDiff('/f', bytes(lines(300, 'old')), bytes(lines(300, 'new')))?.split('\n') ?? []
  expect(shown).toHaveLength(202)
  expect(shown.at(-2)).toBe('[403 more lines]')
})

test.each([
  { title: 'a NUL byte', found: bytes('a\0b') },
  { title: 'bytes that are no UTF-8', found: Buffer.from([0xc0, 0xff]) },
  { title: 'more than 256 KiB', found: Buffer.alloc(256 * 1024 + 1, 'x') },
])('textDiff() is not made of $title', ({ found }) => {
  expect(textDiff('/f', found, bytes('text'))).toBeUndefined()
  expect(textDiff('/f', bytes('text'), found)).toBeUndefined()
})
