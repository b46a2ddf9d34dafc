import { describe, expect, test } from 'vitest'
import type { FileReader, FileStat } from '../host/file-reader.ts'
import type { Host } from '../host/host.ts'
import { aptSource } from './apt-source.ts'
import { partialHost } from './partial-host.ts'

const folder = '/etc/apt/sources.list.d'
const line = 'deb http://a.example/ ./\n'
const source = 'Types: deb\nURIs: http://a.example/\nSuites: ./\n'
const params = { uris: 'http://a.example/', suites: './' }

interface Standing {
  /** Absent: a directory. */
  readonly bytes?: string | Buffer
  /** Where it is a link: to there. */
  readonly target?: string
}

function hostWith(standing: Readonly<Record<string, Standing>>): Host {
  const at = (path: string) => standing[path.slice(folder.length + 1)]
  const stat = (path: string): FileStat | undefined => {
    const found = path.startsWith(`${folder}/`) ? at(path) : { bytes: line }
    if (found === undefined) return undefined
    const kind = found.target !== undefined ? 'symlink' : found.bytes !== undefined ? 'file' : 'directory'
    return { kind, size: 1, mode: 0o644, uid: 0, gid: 0, dev: 1, ino: 1, mtimeMs: 0, ctimeMs: 0 }
  }
  const files = {
    list: () => Object.keys(standing),
    stat,
    // As a link that leads nowhere is its own path.
    realPath: (path: string) => (at(path)?.target === '/nowhere' ? path : (at(path)?.target ?? path)),
    read: (path: string) => Buffer.from(path.startsWith(`${folder}/`) ? (at(path)?.bytes ?? '') : line),
  } satisfies Partial<FileReader>
  return partialHost({ files: files as Partial<FileReader> as FileReader })
}

describe('inspect()', () => {
  test.each<readonly [string, Readonly<Record<string, Standing>>, readonly object[]]>([
    ['nothing of an empty folder', {}, []],
    ['a file', { 'a.sources': { bytes: source } }, [{ title: 'a', params }]],
    ['one of the older format', { 'a.list': { bytes: line } }, [{ title: 'a', params }]],
    ['both once', { 'a.list': { bytes: line }, 'a.sources': { bytes: source } }, [{ title: 'a', params }]],
    ['a link as what it leads to', { 'a.list': { target: '/srv/a' } }, [{ title: 'a', params }]],
    [
      'a name that no site gives',
      { '_a.list': { bytes: line }, '-b.list': { bytes: line } },
      [
        { title: '_a', params },
        { title: '-b', params },
      ],
    ],
    [
      'nothing of what apt passes over by its name',
      { 'a.list.save': { bytes: line }, '.b.list': { bytes: line }, 'c:d.list': { bytes: line } },
      [],
    ],
    ['a line that apt does not understand', { 'a.list': { bytes: 'dbe x\n' } }, [{ title: 'a', params: {} }]],
    ['what is no text', { 'a.list': { bytes: Buffer.from([0xff]) } }, [{ title: 'a', params: {} }]],
  ])('gives %s', async (_, standing, instances) => {
    expect(await aptSource.inspect?.(hostWith(standing), undefined)).toEqual(instances)
  })

  test.each<readonly [string, Standing]>([
    ['is a comment', { bytes: `\n  # ${line}${'#'.repeat(10_000)}\n` }],
    ['is a directory', {}],
    ['leads nowhere', { target: '/nowhere' }],
  ])('protects what gives no packages: it %s', async (_, standing) => {
    expect(await aptSource.inspect?.(hostWith({ 'a.list': standing }), undefined)).toEqual([
      { title: 'a', params: {}, protectedBy: expect.any(String) },
    ])
  })

  test('gives the one that is asked for', async () => {
    const host = hostWith({ 'a.list': { bytes: line }, 'b.list': { bytes: line } })
    expect(await aptSource.inspect?.(host, 'b')).toEqual([{ title: 'b', params }])
    expect(await aptSource.inspect?.(host, 'c')).toEqual([])
  })
})
