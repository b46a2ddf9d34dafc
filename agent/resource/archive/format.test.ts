import { describe, expect, test } from 'vitest'
import { formatOf, leadsOut, linkLeadsOut } from './format.ts'
import { changedPaths, parseMarker } from './manifest.ts'

describe('formatOf()', () => {
  const head = (hex: string, offset = 0) =>
    Buffer.concat([Buffer.alloc(offset), Buffer.from(hex, 'hex'), Buffer.alloc(8)])
  test.each([
    ['1f8b08', 0, 'gzip'],
    ['425a6839', 0, 'bzip2'],
    ['fd377a585a00', 0, 'xz'],
    ['28b52ffd', 0, 'zstd'],
    ['504b0304', 0, 'zip'],
    ['7573746172', 257, 'tar'],
    ['3c68746d6c', 0, undefined],
  ] as const)('%s at %i is %s', (hex, offset, format) => {
    expect(formatOf(head(hex, offset))).toBe(format)
  })
})

test.each([
  ['a/b', false],
  ['./a', false],
  ['a/../b', false],
  ['..a/b', false],
  ['../a', true],
  ['a/../../b', true],
  ['/etc/passwd', true],
  ['..\\windows', true],
  ['..', true],
])('leadsOut(%j) is %s', (name, leads) => {
  expect(leadsOut(name)).toBe(leads)
})

test.each([
  ['a/link', 'b', false],
  ['a/link', '../b', false],
  ['a/link', '..', false],
  ['a/link', '../../b', true],
  ['a/b/link', './../c/d', false],
  ['link', 'a/../b', true],
  ['a/link', 'b/c/..', true],
  ['link', '/etc', true],
  ['link', '../treeless', true],
])('a link %j to %j leads out: %s', (path, target, leads) => {
  expect(linkLeadsOut(path, target)).toBe(leads)
})

test('changedPaths() names what is changed, gone and new', () => {
  expect(changedPaths({ a: '1', b: '2', c: '3' }, { a: '1', b: 'x', d: '4' })).toEqual(['b', 'c', 'd'])
})

test.each([
  ['{', undefined],
  ['{"sha256":1,"strip":0}', undefined],
  ['{"sha256":"x","strip":1}', { sha256: 'x', strip: 1 }],
  ['{"sha256":"x","strip":1,"files":{"a":1}}', { sha256: 'x', strip: 1, files: { a: '1' } }],
])('parseMarker(%s)', (text, marker) => {
  expect(parseMarker(text)).toEqual(marker)
})
