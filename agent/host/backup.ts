/**
 * What the agent overwrote or removed. Contents stand once each under their SHA-256 in `<directory>/content`; each time
 * something is kept, a line of JSON joins `<directory>/index.jsonl`. Large files are copied by the kernel and hashed as a
 * stream. A failure to keep is a failure to change: callers put before they write.
 */
import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  constants,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { copyFile, lstat, open, readdir, readlink, rename } from 'node:fs/promises'
import { join } from 'node:path/posix'
import { hasCode, RekindleError } from '../../schemas/errors.ts'
import { renderMode } from '../../schemas/file-mode.ts'
import { hashPieces } from './pieces.ts'

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
   * Keeps what stands at the path: a file, a link, or every file and link below a directory.
   *
   * @throws RekindleError `apply-failed` when it cannot be kept
   */
  put(path: string): Promise<readonly BackupEntry[]>
  /** Everything kept, oldest first; of one path when it is given. */
  list(path?: string): readonly BackupEntry[]
  /** Where the bytes of an entry are. */
  contentPath(sha256: string): string
  /** Forgets entries, and removes the contents that no other needs. @returns how many entries went */
  prune(isKept: (entry: BackupEntry) => boolean): number
}

/** @param now the time that entries say */
export function createBackupStore(directory: string, now: () => Date = () => new Date()): BackupStore {
  const indexPath = join(directory, 'index.jsonl')
  const contentPath = (sha256: string) => join(directory, 'content', sha256.slice(0, 2), sha256)

  async function keep(path: string): Promise<readonly BackupEntry[]> {
    const { mode, uid, gid } = await lstat(path)
    const kind = mode & constants.S_IFMT
    const about = { time: now().toISOString(), path, mode: renderMode(mode), uid, gid }
    if (kind === constants.S_IFDIR) return keepTree(path)
    if (kind === constants.S_IFLNK) return [{ ...about, target: await readlink(path) }]
    if (kind === constants.S_IFREG) return [{ ...about, sha256: await keepContent(path) }]
    return []
  }

  async function keepTree(path: string): Promise<readonly BackupEntry[]> {
    const entries: BackupEntry[] = []
    for (const name of await readdir(path)) entries.push(...(await keep(join(path, name))))
    return entries
  }

  /** Hashes the copy, not the original: what is kept is what its name says, whoever writes meanwhile. */
  async function keepContent(path: string): Promise<string> {
    const temporary = join(directory, 'content', `.${randomBytes(16).toString('hex')}`)
    try {
      await copyFile(path, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
      const sha256 = await syncAndHash(temporary)
      mkdirSync(join(directory, 'content', sha256.slice(0, 2)), { recursive: true, mode: 0o700 })
      await rename(temporary, contentPath(sha256))
      return sha256
    } finally {
      rmSync(temporary, { force: true })
    }
  }

  return {
    async put(path) {
      try {
        mkdirSync(join(directory, 'content'), { recursive: true, mode: 0o700 })
        const entries = await keep(path)
        const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
        appendFileSync(indexPath, lines, { mode: 0o600, flush: true })
        return entries
      } catch (cause) {
        throw new RekindleError({
          code: 'apply-failed',
          message: `Cannot back up "${path}"`,
          kept: `"${path}" as it was`,
          hint: 'Set backup to false to change it without keeping what is there',
          cause,
        })
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

async function syncAndHash(path: string): Promise<string> {
  const handle = await open(path, 'r+')
  try {
    // The copy has the original's mode, which may let others read.
    await handle.chmod(0o600)
    await handle.sync()
  } finally {
    await handle.close()
  }
  return hashPieces(path)
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
