import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FileBlockParams } from '../../../schemas/generated/types.ts'
import { editBlock } from './edit-block.ts'

const path = '/etc/x'
const begin = '# BEGIN REKINDLE net'
const end = '# END REKINDLE net'
const block = `${begin}\na\nb\n${end}\n`

function edit(params: Omit<FileBlockParams, 'path'>, text: string): string {
  return editBlock({ path, ...params }, 'net', text).text
}

describe('editBlock()', () => {
  test.each<readonly [string, Omit<FileBlockParams, 'path'>, string, string]>([
    ['in sync', { content: 'a\nb\n' }, `x\n${block}y\n`, `x\n${block}y\n`],
    ['in sync without a line end in the content', { content: 'a\nb' }, block, block],
    [
      'in sync when someone has indented the markers',
      { content: 'a' },
      `  ${begin}\na\n  ${end}\n`,
      `  ${begin}\na\n  ${end}\n`,
    ],
    ['adds at the end', { content: 'a\nb' }, 'x', `x\n${block}`],
    ['adds below "after"', { content: 'a\nb', after: '^x' }, 'x\ny\n', `x\n${block}y\n`],
    ['adds above "before"', { content: 'a\nb', before: '^y' }, 'x\ny\n', `x\n${block}y\n`],
    [
      'stays where it is, whatever "after" says',
      { content: 'a\nb', after: '^x' },
      `${block}x\n`,
      `${block}x\n`,
    ],
    [
      'changes the content alone',
      { content: 'a\nc\nd' },
      `x\n${block}y`,
      `x\n${block.replace('b', 'c\nd')}y`,
    ],
    ['empties', { content: '' }, block, `${begin}\n${end}\n`],
    ['fills what is empty', { content: 'a\nb' }, `${begin}\n${end}\n`, block],
    ['keeps CRLF', { content: 'a\nb' }, 'x\r\n', `x\r\n${block.replaceAll('\n', '\r\n')}`],
    ['takes a second one away', { content: 'a\nb' }, `${block}x\n${block}`, `${block}x\n`],
    [
      'leaves others alone',
      { content: 'a\nb' },
      block.replaceAll('net', 'other'),
      block.replaceAll('net', 'other') + block,
    ],
    ['absent', { ensure: 'absent' }, `x\n${block}y\n`, 'x\ny\n'],
    ['absent in sync', { ensure: 'absent' }, 'x\n', 'x\n'],
    [
      'another comment',
      { content: 'a', comment: '<!--', suffix: '-->' },
      '',
      '<!-- BEGIN REKINDLE net -->\na\n<!-- END REKINDLE net -->\n',
    ],
    ['another name', { content: 'a', name: 'n 2' }, '', '# BEGIN REKINDLE n 2\na\n# END REKINDLE n 2\n'],
  ])('%s', (_, params, before, after) => {
    expect(edit(params, before)).toBe(after)
    expect(edit(params, after)).toBe(after)
  })

  test.each([
    [
      'an end that is missing',
      `x\n${begin}\na\ny\n`,
      'begins in line 2 and does not end before the file ends',
    ],
    ['an end without a begin', `x\n${end}\n`, 'the end of its block in line 2 has no begin'],
    ['a begin within', `${begin}\n${begin}\n${end}\n`, 'another marker stands in line 2'],
    [
      'another block within',
      `${begin}\n${block.replaceAll('net', 'o')}${end}\n`,
      'another marker stands in line 2',
    ],
  ])('refuses %s, and eats nothing', (_, text, said) => {
    expect(() => edit({ content: 'a' }, text)).toThrow(said)
    expect(() => edit({ ensure: 'absent' }, text)).toThrow(said)
  })
})

const line = fc.constantFrom('', '# c', 'x = 1', '  y', '# BEGIN', '# END REKINDLE', 'ü')

test('editBlock() is idempotent, and taking the block away leaves every other line as it was', () => {
  fc.assert(
    fc.property(fc.array(line), fc.array(line), fc.constantFrom('\n', '\r\n'), (lines, content, eol) => {
      const before = lines.map((one) => one + eol).join('')
      const added = edit({ content: content.join('\n'), after: '^x' }, before)
      expect(edit({ content: content.join('\n') }, added)).toBe(added)
      const changed = edit({ content: 'other' }, added)
      expect(edit({ ensure: 'absent' }, changed)).toBe(before)
    }),
  )
})
