import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FileLineParams } from '../../../schemas/generated/types.ts'
import { editLine } from './edit-line.ts'

const path = '/etc/x'
type Row = readonly [title: string, params: Omit<FileLineParams, 'path'>, before: string, after: string]

const sshd = '#PermitRootLogin prohibit-password\nX11Forwarding yes\n'
const line = 'PermitRootLogin no'
const match = '^#?PermitRootLogin\\s'

describe('editLine()', () => {
  test.each<Row>([
    ['in sync: the line is there', { line: 'a' }, 'a\nb\n', 'a\nb\n'],
    ['in sync: without a line end', { line: 'b' }, 'a\nb', 'a\nb'],
    ['in sync: with CRLF', { line: 'a' }, 'a\r\nb\r\n', 'a\r\nb\r\n'],
    ['in sync: it is what matches', { line, match }, `${line}\n`, `${line}\n`],
    ['adds at the end', { line: 'c' }, 'a\nb\n', 'a\nb\nc\n'],
    ['adds to a missing file', { line: 'c' }, '', 'c\n'],
    ['adds behind a last line without an end', { line: 'c' }, 'a\r\nb', 'a\r\nb\r\nc\r\n'],
    ['adds below "after"', { line: 'c', after: '^\\[m' }, '[m]\nx\n', '[m]\nc\nx\n'],
    [
      'adds above "before"',
      { line: 'c', before: '^Match' },
      'x\nMatch a\nMatch b\n',
      'x\nc\nMatch a\nMatch b\n',
    ],
    ['adds at the end where "after" fits nothing', { line: 'c', after: 'zz' }, 'x\n', 'x\nc\n'],
    ['replaces what matches', { line, match }, sshd, `${line}\nX11Forwarding yes\n`],
    [
      'replaces and keeps the line end',
      { line, match },
      sshd.replaceAll('\n', '\r\n'),
      `${line}\r\nX11Forwarding yes\r\n`,
    ],
    ['adds where nothing matches', { line, match }, 'X\n', `X\n${line}\n`],
    ['append false: adds nothing', { line, match, append: false }, 'X\n', 'X\n'],
    ['append false: still replaces', { line, match, append: false }, sshd, `${line}\nX11Forwarding yes\n`],
    ['replace false: leaves what matches', { line, match, replace: false }, sshd, sshd],
    [
      'multiple: replaces all',
      { line: 'm=2', match: '^m=', multiple: true },
      'm=1\nx\nm=2\nm=3\n',
      'm=2\nx\nm=2\nm=2\n',
    ],
    ['a match may ignore case', { line: 'Port 22', match: '(?i:^port )' }, 'port 1\n', 'Port 22\n'],
    ['absent: every equal line goes', { ensure: 'absent', line: 'a' }, 'a\nb\na', 'b\n'],
    ['absent in sync', { ensure: 'absent', line: 'a' }, 'aa\n', 'aa\n'],
    ['absent: by match', { ensure: 'absent', match: '^a' }, 'ab\nb\n', 'b\n'],
    ['absent: by match, all', { ensure: 'absent', match: '^a', multiple: true }, 'ab\nb\naa\n', 'b\n'],
  ])('%s', (_, params, before, after) => {
    expect(editLine({ path, ...params }, before).text).toBe(after)
    expect(editLine({ path, ...params }, after).text).toBe(after)
  })

  test.each<[string, Omit<FileLineParams, 'path'>]>([
    ['present', { line: 'm=2', match: '^m=' }],
    ['absent', { ensure: 'absent', match: '^m=' }],
  ])('refuses several matches when %s, and names their lines', (_, params) => {
    expect(() => editLine({ path, ...params }, 'm=1\nx\nm=2\n')).toThrow(
      'lines 1 and 3 match, and one was expected',
    )
  })

  test('says what was there', () => {
    expect(editLine({ path, line, match }, sshd).change).toEqual({
      property: 'line',
      from: '#PermitRootLogin prohibit-password',
      to: line,
    })
  })
})

const foreign = fc.array(fc.constantFrom('# comment', '', 'other = 1', '  indented', '\ttab', 'ünïcode'), {
  maxLength: 8,
})

test('editLine() is idempotent, and what it adds it can take away, with every other line as it was', () => {
  fc.assert(
    fc.property(foreign, fc.constantFrom('\n', '\r\n'), fc.boolean(), (lines, end, isEnded) => {
      const before = lines.join(end) + (isEnded && lines.length > 0 ? end : '')
      const added = editLine({ path, line: 'mine = 1', after: '^other' }, before).text
      expect(editLine({ path, line: 'mine = 1' }, added).text).toBe(added)
      const changed = editLine({ path, line: 'mine = 2', match: '^mine =' }, added).text
      expect(changed).toBe(added.replace('mine = 1', 'mine = 2'))
      const removed = editLine({ path, ensure: 'absent', line: 'mine = 2' }, changed).text
      // A last line without an end has been given one.
      expect([before, `${before}\n`, before + end]).toContain(removed)
    }),
  )
})
