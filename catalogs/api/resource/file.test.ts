import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { complain } from '../parameter.ts'
import { role } from '../role.ts'
import { compile } from '../testing.ts'
import { type FileOptions, file, fileRule } from './file.ts'

const siteDir = mkdtempSync(join(tmpdir(), 'rekindle-file-'))
afterAll(() => rmSync(siteDir, { recursive: true }))
for (const directory of ['a/both', 'b/both']) mkdirSync(join(siteDir, directory), { recursive: true })
for (const [path, text] of Object.entries({
  'a/shared': 'of a',
  'b/shared': 'of b',
  'b/own': 'of b',
  'a/clash': 'a file',
  'b/both/deep': 'of b',
}))
  writeFileSync(join(siteDir, path), text)
mkdirSync(join(siteDir, 'b/clash'))
writeFileSync(join(siteDir, 'b/clash/below'), 'unreachable')

const compiled = (path: string, options: FileOptions) =>
  compile(
    role('r', () => {
      file(path, options)
    }),
    { siteDir },
  )

const checksum = `sha256:${'ab'.repeat(32)}`
const url = 'https://example.org/tool'

describe('bytes as content', () => {
  it.each([Buffer.from([0xc0, 0xff]), new Uint8Array([0xc0, 0xff])])(
    'are base64 in the declaration (F36)',
    (content) => {
      expect(compiled('/f', { content, mode: '0600' }).find('file', '/f').params).toEqual({
        contentBase64: 'wP8=',
        mode: '0600',
      })
    },
  )

  it('may be none', () => {
    expect(compiled('/f', { content: Buffer.alloc(0) }).find('file', '/f').content).toBe('')
  })
})

describe('source', () => {
  it('that is a list is the first that the site has (F22)', () => {
    const source = ['no/such', 'b/shared', 'a/shared']
    expect(compiled('/f', { source }).find('file', '/f').content).toBe('of b')
  })

  it('that the site does not have is refused at compile (F24)', () => {
    expect(() => compiled('/f', { source: ['no/such', 'nor/this'] })).toThrow('no readable file "nor/this"')
  })

  it('that is a URL reaches the agent as it is', () => {
    const params = compiled('/f', { source: url, checksum }).find('file', '/f').params
    expect(params).toEqual({ source: url, checksum })
  })

  it('with several directories copies the first (F22)', () => {
    const tree = { ensure: 'directory', recurse: true, source: ['none', 'a', 'b'] } as const
    expect(compiled('/d', tree).ids).toEqual(['file:/d', 'file:/d/both', 'file:/d/clash', 'file:/d/shared'])
  })

  it('with several directories and sourceSelect "all" joins them, the earliest of what several have (F22)', () => {
    const catalog = compiled('/d', {
      ensure: 'directory',
      recurse: true,
      source: ['a', 'b'],
      sourceSelect: 'all',
    })
    expect(catalog.ids.toSorted()).toEqual([
      'file:/d',
      'file:/d/both',
      'file:/d/both/deep',
      'file:/d/clash',
      'file:/d/own',
      'file:/d/shared',
    ])
    expect(catalog.find('file', '/d/shared').content).toBe('of a')
    expect(catalog.find('file', '/d').params).toEqual({ ensure: 'directory' })
  })
})

describe('refused at compile', () => {
  it.each<[params: object, said: string]>([
    [{ content: 'x', source: 'y' }, '"content" and "source" exclude each other'],
    [{ content: 'x', contentBase64: 'wP8=' }, '"content" and "contentBase64" exclude each other'],
    [{ source: url }, 'a "source" that is a URL needs a "checksum"'],
    [{ source: 'http://example.org/x' }, 'needs a "checksum"'],
    [{ source: 'ftp://example.org/x', checksum }, 'is no https:// or http:// URL'],
    [{ source: 'file:///etc/passwd', checksum }, 'is no https:// or http:// URL'],
    [{ source: [url, 'motd'], checksum }, 'do not mix'],
    [{ source: 'motd', checksum }, '"checksum" goes with a "source" that is a URL only'],
    [{ content: 'x', caFile: '/ca.pem' }, '"caFile" goes with a "source" that is a URL only'],
    [{ source: url, checksum: 'md5:abc' }, 'parameter "checksum"'],
    [{ source: url, checksum: `sha256:${'AB'.repeat(32)}` }, 'parameter "checksum"'],
    [{ source: url, checksum, caFile: 'ca.pem' }, 'parameter "caFile"'],
    [{ source: url, checksum, ensure: 'directory', recurse: true }, '"recurse" does not go with'],
    [{ source: [] }, 'parameter "source"'],
    [{ contentBase64: 'wP8' }, 'parameter "contentBase64"'],
    [{ ensure: 'directory', recurse: true, sourceSelect: 'all' }, '"sourceSelect" goes with "source"'],
    [{ source: 'a', sourceSelect: 'all' }, '"sourceSelect" does not go with ensure "file"'],
  ])('%j (F40)', (params, said) => {
    const complaints = complain({ type: 'file', title: '/f', params: { ...params }, rule: fileRule })
    expect(complaints.map(({ message }) => message).join('\n')).toContain(said)
  })

  it.each([
    { source: url, checksum },
    {
      source: [url, 'http://mirror.example.org/tool'],
      checksum,
      caFile: '/etc/ssl/ca.pem',
      validate: 'true %',
    },
  ])('but not %j', (params) => {
    expect(complain({ type: 'file', title: '/f', params, rule: fileRule })).toEqual([])
  })
})
