/**
 * Reads the file system in bulk. Synchronous, because a promise for each call costs several times what the call does,
 * and nothing with content waits: links are not followed and FIFOs are not opened.
 *
 * Hashes are remembered while inode, size, mtime and ctime stay. As in git's index, a hash is not remembered when the file
 * was changed within two seconds of hashing: a second write in the same tick of the clock would leave no trace.
 */
import { createHash, hash } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs'
import { hasCode } from '../../schemas/errors.ts'

export type FileKind = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'device'

export interface FileStat {
  readonly kind: FileKind
  /** Bytes. */
  readonly size: number
  /** Permission bits with setuid, setgid and sticky: 0 to 0o7777. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly dev: number
  readonly ino: number
  /** Milliseconds since the epoch; as a double it tells apart 244 ns, far below the kernel's tick. */
  readonly mtimeMs: number
  readonly ctimeMs: number
}

export interface FileReader {
  /** Without following a link; undefined when nothing is there. @throws system errors such as EACCES */
  stat(path: string): FileStat | undefined
  /** Whether something is there once links are followed. */
  exists(path: string): boolean
  readLink(path: string): string
  /** The path once links are followed; the path itself when nothing is there or a link leads nowhere. */
  realPath(path: string): string
  /** Names in a directory, sorted, without `.` and `..`; empty when it is not there. */
  list(path: string): readonly string[]
  /** SHA-256 of a regular file's bytes, in hexadecimal. `stat` is what stat() has just given. */
  sha256(path: string, stat: FileStat): string
  sha512(path: string, stat: FileStat): string
  /** The bytes of a regular file. */
  read(path: string): Buffer
}

type Algorithm = 'sha256' | 'sha512'

interface Remembered {
  readonly digest: string
  readonly of: FileStat
}

const racyMs = 2000
const chunkBytes = 256 * 1024
// A FIFO would block the open, and a link would lead out of what was stat'ed.
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** @param now milliseconds since the epoch, by the clock that stamps files */
export function createFileReader(now: () => number = Date.now): FileReader {
  const remembered = { sha256: new Map<string, Remembered>(), sha512: new Map<string, Remembered>() }
  const chunk = Buffer.allocUnsafeSlow(chunkBytes)

  function digestOf(path: string, of: FileStat, algorithm: Algorithm): string {
    const known = remembered[algorithm].get(path)
    if (known !== undefined && isSameStat(known.of, of)) return known.digest
    const startedAt = now()
    const digest = withFile(path, (fd) => hashContent(fd, chunk, algorithm))
    if (Math.max(of.mtimeMs, of.ctimeMs) + racyMs < startedAt) remembered[algorithm].set(path, { digest, of })
    else remembered[algorithm].delete(path)
    return digest
  }

  return {
    stat,
    exists: (path) => present(() => statSync(path, { throwIfNoEntry: false })) !== undefined,
    readLink: (path) => readlinkSync(path),
    realPath,
    list,
    sha256: (path, of) => digestOf(path, of, 'sha256'),
    sha512: (path, of) => digestOf(path, of, 'sha512'),
    read: (path) => withFile(path, readWhole),
  }
}

/** Whether nothing was written between the two. */
export function isSameStat(a: FileStat, b: FileStat): boolean {
  return (
    a.ino === b.ino &&
    a.ctimeMs === b.ctimeMs &&
    a.mtimeMs === b.mtimeMs &&
    a.size === b.size &&
    a.dev === b.dev
  )
}

function stat(path: string): FileStat | undefined {
  const found = present(() => lstatSync(path, { throwIfNoEntry: false }))
  return found === undefined ? undefined : toFileStat(found)
}

/** A parent that is no directory means, as a parent that is missing, that nothing is there. */
function present(look: () => Stats | undefined): Stats | undefined {
  try {
    return look()
  } catch (error) {
    if (hasCode(error, 'ENOTDIR')) return undefined
    throw error
  }
}

function realPath(path: string): string {
  try {
    return realpathSync.native(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return path
    throw error
  }
}

function list(path: string): readonly string[] {
  try {
    return readdirSync(path).sort()
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}

export function toFileStat({ mode, size, uid, gid, dev, ino, mtimeMs, ctimeMs }: Stats): FileStat {
  return { kind: kindOf(mode), size, mode: mode & 0o7777, uid, gid, dev, ino, mtimeMs, ctimeMs }
}

function kindOf(mode: number): FileKind {
  switch (mode & constants.S_IFMT) {
    case constants.S_IFREG:
      return 'file'
    case constants.S_IFDIR:
      return 'directory'
    case constants.S_IFLNK:
      return 'symlink'
    case constants.S_IFIFO:
      return 'fifo'
    case constants.S_IFSOCK:
      return 'socket'
    default:
      return 'device'
  }
}

function withFile<Result>(path: string, use: (fd: number) => Result): Result {
  const fd = openSync(path, openFlags)
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}

function hashContent(fd: number, chunk: Buffer, algorithm: Algorithm): string {
  const first = readSync(fd, chunk, 0, chunk.length, null)
  // A short read of a regular file is its end.
  if (first < chunk.length) return hash(algorithm, chunk.subarray(0, first), 'hex')
  const digest = createHash(algorithm).update(chunk)
  for (let length = first; length > 0; ) {
    length = readSync(fd, chunk, 0, chunk.length, null)
    digest.update(chunk.subarray(0, length))
  }
  return digest.digest('hex')
}

function readWhole(fd: number): Buffer {
  const bytes = Buffer.alloc(fstatSync(fd).size)
  let length = 0
  while (length < bytes.length) {
    const read = readSync(fd, bytes, length, bytes.length - length, null)
    if (read === 0) break
    length += read
  }
  return bytes.subarray(0, length)
}
