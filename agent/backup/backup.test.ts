import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createBackupStore } from '../host/backup.ts'
import { createHost } from '../host/real-host.ts'
import {
  type BackupHost,
  contentOf,
  diffBackup,
  findBackup,
  listBackups,
  pruneBackups,
  renderBackup,
  restoreBackup,
} from './backup.ts'

let dir = ''
let host: BackupHost
let path = ''
let now = 0
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-backup-'))
  path = join(dir, 'motd')
  now = Date.parse('2026-01-01')
  const backups = createBackupStore(join(dir, 'backup'), () => new Date(now))
  host = { ...createHost({ stateDir: join(dir, 'state') }), backups }
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** As the agent does: keeps what stands there, then writes. */
async function overwrite(text: string): Promise<void> {
  if (existsSync(path)) await host.backups.put(path)
  writeFileSync(path, text)
  now += 86_400_000
}

it('a managed file that was overwritten is restored with its bytes and mode, and what stood there is kept (F37)', async () => {
  await overwrite('one\n')
  chmodSync(path, 0o640)
  await overwrite('two\n')
  const [entry] = listBackups(host, path)
  if (entry === undefined) throw new Error('nothing was kept')
  expect(contentOf(host, entry).toString()).toBe('one\n')
  expect(diffBackup(host, entry)).toContain('-one\n+two\n')
  await restoreBackup(host, entry)
  expect(readFileSync(path, 'utf8')).toBe('one\n')
  expect(lstatSync(path).mode & 0o777).toBe(0o640)
  expect(diffBackup(host, entry)).toBeUndefined()
  expect(contentOf(host, findBackup(host, path)).toString()).toBe('two\n')
})

it('a backup is restored to another path, and the old one is left alone', async () => {
  await overwrite('one\n')
  await overwrite('two\n')
  const to = join(dir, 'other')
  await restoreBackup(host, findBackup(host, path), to)
  expect([readFileSync(path, 'utf8'), readFileSync(to, 'utf8')]).toEqual(['two\n', 'one\n'])
})

it('a link is restored as a link', async () => {
  symlinkSync('elsewhere', path)
  await host.backups.put(path)
  rmSync(path)
  await restoreBackup(host, findBackup(host, path))
  expect(readlinkSync(path)).toBe('elsewhere')
})

// PUPPET 2.4: an entry that was tampered with is never given back.
it.each(['damaged', 'gone'])('a content that is %s is not given back', async (state) => {
  await overwrite('one\n')
  await overwrite('two\n')
  const entry = findBackup(host, path)
  const at = host.backups.contentPath(entry.sha256 ?? '')
  if (state === 'gone') rmSync(at)
  else writeFileSync(at, 'evil\n')
  await expect(restoreBackup(host, entry)).rejects.toThrow(`its backup is ${state}`)
  expect(readFileSync(path, 'utf8')).toBe('two\n')
})

it('one is found by its id or the beginning of it, and what is not there is said', async () => {
  await overwrite('one\n')
  await overwrite('two\n')
  const [entry] = listBackups(host)
  if (entry === undefined) throw new Error('nothing was kept')
  expect(findBackup(host, entry.id.slice(0, 5))).toEqual(entry)
  expect(() => findBackup(host, 'zzz')).toThrow('nothing of that id is kept')
  expect(() => findBackup(host, '/no/such')).toThrow('nothing of that path is kept')
  expect(renderBackup(entry)).toBe(`${entry.id}  2026-01-02T00:00:00.000Z  0644  ${path}`)
})

it('pruning keeps the newest of each path and the young, and removes contents that nobody needs', async () => {
  for (const text of ['1', '2', '3', '4', '5']) await overwrite(text)
  const [newest, , , oldest] = listBackups(host)
  if (newest?.sha256 === undefined || oldest?.sha256 === undefined) throw new Error('four were to be kept')
  expect(pruneBackups(host, { olderThan: Number.POSITIVE_INFINITY, keep: 1 })).toBe(3)
  expect(listBackups(host)).toEqual([newest])
  expect(existsSync(host.backups.contentPath(oldest.sha256))).toBe(false)
  expect(contentOf(host, newest).toString()).toBe('4')
  expect(pruneBackups(host, { olderThan: 0, keep: 0 })).toBe(0)
})
