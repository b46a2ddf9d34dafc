import { expect, test } from 'vitest'
import type { FileReader, FileStat } from '../host/file-reader.ts'
import { partialHost } from './partial-host.ts'
import { findTextFile, readTextFile, removeTextFile } from './text-file.ts'

const stat: FileStat = {
  ...{ kind: 'file', size: 4, mode: 0o640, uid: 0, gid: 5 },
  ...{ dev: 1, ino: 1, mtimeMs: 0, ctimeMs: 0 },
}

/** /etc/a is a link to /srv/a, /etc/b a file, /etc/c not there; what is done to them is written down. */
function hostWith(bytes: Uint8Array = Buffer.from('text')) {
  const done: string[] = []
  const files: Partial<FileReader> = {
    realPath: (path) => (path === '/etc/a' ? '/srv/a' : path),
    stat: (path) => (path === '/etc/c' ? undefined : stat),
    read: () => Buffer.from(bytes),
  }
  const host = partialHost({
    files: files as FileReader,
    backups: { put: async (path: string) => void done.push(`keep ${path}`) } as never,
    write: { remove: async (path: string) => void done.push(`remove ${path}`) } as never,
  })
  return { host, done }
}

test.each([
  ['/etc/a', ['keep /srv/a', 'remove /etc/a']],
  ['/etc/b', ['keep /etc/b', 'remove /etc/b']],
  ['/etc/c', []],
])('removeTextFile() takes %s away, and never what a link names', async (path, wanted) => {
  const { host, done } = hostWith()
  await removeTextFile(host, readTextFile(host, path))
  expect(done).toEqual(wanted)
})

test('findTextFile() finds what readTextFile() cannot read, so that it can be removed', async () => {
  const { host, done } = hostWith(Buffer.from([0xff]))
  expect(() => readTextFile(host, '/etc/b')).toThrow('it is not UTF-8 text')
  await removeTextFile(host, findTextFile(host, '/etc/b'))
  expect(done).toEqual(['keep /etc/b', 'remove /etc/b'])
})
