/**
 * What the agent overwrote or removed. Contents stand once each under their SHA-256 in `<directory>/content`; each time
 * something is kept, a line of JSON joins `<directory>/index.jsonl`. Large files are copied by the kernel and hashed as a
 * stream. A failure to keep is a failure to change: callers put before they write.
 */
import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { copyFile, lstat, readdir, readlink } from 'node:fs/promises'
import { dirname, join } from 'node:path/posix'
import { hasCode, RekindleError } from '../../schemas/errors.ts'
import { renderMode } from '../../schemas/file-mode.ts'
import { hashPieces } from './pieces.ts'
import { syncFileSystems } from './sync-file-system.ts'

export interface BackupEntry {
  /** RFC 3339. */
  readonly time: string
  readonly path: string
  /** Of a regular file. */
  readonly sha256?: string
  /** Of a symbolic link. */
  readonly target?: string
  /** Octal, four digits. */
  readonly mode: string
  readonly uid: number
  readonly gid: number
}

export interface BackupStore {
  /**
   * Keeps what stands at each path: a file, a link, or every file and link below a directory. Several together wait for
   * the disk once.
   *
   * @throws RekindleError `apply-failed` when one cannot be kept; none is then
   */
  put(...paths: readonly string[]): Promise<readonly BackupEntry[]>
  /** Everything kept, oldest first; of one path when it is given. */
  list(path?: string): readonly BackupEntry[]
  /** Where the bytes of an entry are. */
  contentPath(sha256: string): string
  /** Forgets entries, and removes the contents that no other needs. @returns how many entries went */
  prune(isKept: (entry: BackupEntry) => boolean): number
}

interface Draft {
  readonly entry: BackupEntry
  /** Copy of a regular file, not yet under its name. */
  readonly temporary?: string
}

/** @param now the time that entries say */
export function createBackupStore(directory: string, now: () => Date = () => new Date()): BackupStore {
  const indexPath = join(directory, 'index.jsonl')
  const contents = join(directory, 'content')
  const contentPath = (sha256: string) => join(contents, sha256.slice(0, 2), sha256)

  async function draft(path: string, drafts: Draft[]): Promise<void> {
    const { mode, uid, gid } = await lstat(path)
    const about = { time: now().toISOString(), path, mode: renderMode(mode), uid, gid }
    switch (mode & constants.S_IFMT) {
      case constants.S_IFDIR:
        for (const name of await readdir(path)) await draft(join(path, name), drafts)
        break
      case constants.S_IFLNK:
        drafts.push({ entry: { ...about, target: await readlink(path) } })
        break
      case constants.S_IFREG: {
        const temporary = join(contents, `.${randomBytes(16).toString('hex')}`)
        drafts.push({ entry: { ...about, sha256: await copy(path, temporary) }, temporary })
      }
    }
  }

  function settle(drafts: readonly Draft[]): void {
    flush(drafts.flatMap(({ temporary = [] }) => temporary))
    for (const { entry, temporary } of drafts) {
      if (temporary === undefined || entry.sha256 === undefined) continue
      const path = contentPath(entry.sha256)
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      renameSync(temporary, path)
    }
    const lines = drafts.map(({ entry }) => `${JSON.stringify(entry)}\n`).join('')
    appendFileSync(indexPath, lines, { mode: 0o600, flush: true })
  }

  return {
    async put(...paths) {
      const drafts: Draft[] = []
      let at = paths[0]
      try {
        mkdirSync(contents, { recursive: true, mode: 0o700 })
        for (at of paths) await draft(at, drafts)
        settle(drafts)
        return drafts.map(({ entry }) => entry)
      } catch (cause) {
        throw new RekindleError({
          code: 'apply-failed',
          message: `Cannot back up "${at}"`,
          kept: `"${at}" as it was`,
          hint: 'Set backup to false to change it without keeping what is there',
          cause,
        })
      } finally {
        for (const { temporary } of drafts) if (temporary !== undefined) rmSync(temporary, { force: true })
      }
    },
    list: (path) => readIndex(indexPath).filter((entry) => path === undefined || entry.path === path),
    contentPath,
    prune(isKept) {
      const all = readIndex(indexPath)
      const kept = all.filter(isKept)
      if (kept.length === all.length) return 0
      // The index first: a content without an entry is only waste, an entry without its content a broken promise.
      const temporary = `${indexPath}.new`
      const lines = kept.map((entry) => `${JSON.stringify(entry)}\n`).join('')
      writeFileSync(temporary, lines, { mode: 0o600, flush: true })
      renameSync(temporary, indexPath)
      const needed = new Set(kept.map(({ sha256 }) => sha256))
      for (const { sha256 } of all) {
        if (sha256 !== undefined && !needed.has(sha256)) rmSync(contentPath(sha256), { force: true })
      }
      return all.length - kept.length
    },
  }
}

/** Hashes the copy, not the original: what is kept is what its name says, whoever writes meanwhile. */
async function copy(path: string, temporary: string): Promise<string> {
  try {
    await copyFile(path, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    // The copy has the original's mode, which may let others read.
    chmodSync(temporary, 0o600)
    return await hashPieces(temporary)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

function flush(paths: readonly string[]): void {
  const [first] = paths
  if (first === undefined) return
  if (paths.length > 1) syncFileSystems([dirname(first)])
  else flushOne(first)
}

function flushOne(path: string): void {
  const fd = openSync(path, 'r+')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function readIndex(path: string): readonly BackupEntry[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
  return text.split('\n').flatMap(parseEntry)
}

/** A line that a crash cut short is no entry. */
function parseEntry(line: string): readonly BackupEntry[] {
  try {
    const entry: unknown = JSON.parse(line)
    return isEntry(entry) ? [entry] : []
  } catch {
    return []
  }
}

function isEntry(value: unknown): value is BackupEntry {
  return typeof value === 'object' && value !== null && 'path' in value && 'time' in value && 'mode' in value
}
