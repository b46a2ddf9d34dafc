import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sha256 } from '../../schemas/hash.ts'
import { createBackupStore } from './backup.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-backup-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const open = () => createBackupStore(join(dir, 'store'), () => new Date('2026-01-02T03:04:05Z'))

describe('put()', () => {
  it('keeps content, mode, owner and time of a file, for root alone to read', async () => {
    const path = join(dir, 'motd')
    writeFileSync(path, 'old', { mode: 0o755 })
    chmodSync(path, 0o2755)
    const { uid, gid } = statSync(path)
    const store = open()
    await store.put(path)
    const name = sha256('old')
    expect(store.list()).toEqual([
      { time: '2026-01-02T03:04:05.000Z', path, sha256: name, mode: '2755', uid, gid },
    ])
    expect(readFileSync(store.contentPath(name), 'utf8')).toBe('old')
    expect(statSync(store.contentPath(name)).mode & 0o7777).toBe(0o600)
    expect(statSync(join(dir, 'store/content')).mode & 0o7777).toBe(0o700)
  })

  it('keeps every file and link below a directory, and equal contents once', async () => {
    const tree = join(dir, 'tree')
    mkdirSync(join(tree, 'sub'), { recursive: true })
    writeFileSync(join(tree, 'a'), 'same')
    writeFileSync(join(tree, 'sub/b'), 'same')
    symlinkSync('../a', join(tree, 'sub/l'))
    const store = open()
    await store.put(tree)
    const kept = store.list().map(({ path, sha256: sha, target }) => [path.slice(tree.length), sha ?? target])
    expect(kept.sort()).toEqual([
      ['/a', sha256('same')],
      ['/sub/b', sha256('same')],
      ['/sub/l', '../a'],
    ])
  })

  it('keeps several together, or none of them, and leaves no drafts', async () => {
    const paths = ['a', 'b'].map((name) => join(dir, name))
    for (const path of paths) writeFileSync(path, path)
    const store = open()
    await expect(store.put(...paths, join(dir, 'gone'))).rejects.toThrow(`Cannot back up "${dir}/gone"`)
    expect(store.list()).toEqual([])
    await store.put(...paths)
    expect(store.list().map(({ path, sha256: sha }) => [path, sha])).toEqual(
      paths.map((path) => [path, sha256(path)]),
    )
    expect(readdirSync(join(dir, 'store/content')).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('lists every time a path was kept, oldest first', async () => {
    const path = join(dir, 'motd')
    const store = open()
    for (const text of ['one', 'two']) {
      writeFileSync(path, text)
      await store.put(path)
    }
    expect(store.list(path).map((entry) => entry.sha256)).toEqual([sha256('one'), sha256('two')])
    expect(store.list('/elsewhere')).toEqual([])
  })

  it('fails when what is there cannot be kept', async () => {
    const path = join(dir, 'missing')
    await expect(open().put(path)).rejects.toMatchObject({
      code: 'apply-failed',
      message: `Cannot back up "${path}"`,
      kept: `"${path}" as it was`,
    })
  })
})

it('list() passes over a line that a crash cut short', async () => {
  const path = join(dir, 'motd')
  writeFileSync(path, 'old')
  const store = open()
  await store.put(path)
  appendFileSync(join(dir, 'store/index.jsonl'), '{"time":"2026-')
  expect(store.list()).toHaveLength(1)
})
