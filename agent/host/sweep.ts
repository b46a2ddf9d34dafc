/**
 * Looks through directories that others write to, and removes from them. A user could put a link to /etc in the place of a
 * directory between the look and the removal, so nothing is removed by its path: each directory on the way is opened
 * without following links, and the entry is removed in the directory that is held open, if it is still what was seen.
 */
import {
  closeSync,
  constants,
  type Dirent,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  type Stats,
  unlinkSync,
} from 'node:fs'
import { join } from 'node:path/posix'
import { hasCode } from '../../schemas/errors.ts'
import { heldError } from './inode-flag.ts'
import { parseMountTable } from './mount-table.ts'
import { writeError } from './write-error.ts'

export interface SweptEntry {
  /** Relative to the directory that was looked through. */
  readonly path: string
  readonly kind: 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'device'
  /** Of a directory: whether what is in it was looked at, all of it being in the list. */
  readonly isListed: boolean
  /** Bytes. */
  readonly size: number
  readonly dev: number
  readonly ino: number
  /** Milliseconds since the epoch. */
  readonly atimeMs: number
  readonly mtimeMs: number
  readonly ctimeMs: number
}

export interface Depth {
  /** 1: what is directly in it. */
  readonly levels: number
  /** Whether to look into what is mounted below. */
  readonly crossMounts: boolean
}

export interface Sweep {
  /** Everything below a directory, itself left out; directories after what is in them. Empty when it is not there. */
  walk(root: string, depth: Depth): readonly SweptEntry[]
  /**
   * Removes one, a directory only if it is empty.
   *
   * @returns false when it has changed since, and stays
   * @throws RekindleError `apply-failed`
   */
  remove(root: string, entry: SweptEntry): boolean
  /** Milliseconds since the epoch, by the clock that stamps files. */
  now(): number
}

export function createSweep(now: () => number = Date.now): Sweep {
  return { walk, remove, now }
}

function walk(root: string, { levels, crossMounts }: Depth): readonly SweptEntry[] {
  const real = realOf(root)
  if (real === undefined) return []
  const { dev } = lstatSync(real)
  const mounts = new Set(crossMounts ? [] : mountPoints())
  const found: SweptEntry[] = []
  const visit = (relative: string, left: number): boolean => {
    const entries = listOf(join(real, relative))
    for (const { name } of entries ?? []) {
      const path = join(relative, name)
      const stat = lstatSync(join(real, path), { throwIfNoEntry: false })
      if (stat === undefined) continue
      const isElsewhere = !crossMounts && (stat.dev !== dev || mounts.has(join(real, path)))
      const isEntered = stat.isDirectory() && left > 1 && !isElsewhere
      found.push(toEntry(path, stat, isEntered ? visit(path, left - 1) : false))
    }
    return entries !== undefined
  }
  visit('', levels)
  return found
}

function realOf(root: string): string | undefined {
  try {
    return realpathSync(root)
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

/** Undefined when it is gone, or has become something else. */
function listOf(path: string): readonly Dirent[] | undefined {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

/** A bind mount of the same file system has its device number, too. */
function mountPoints(): readonly string[] {
  return parseMountTable(readFileSync('/proc/self/mountinfo', 'utf8')).map(({ path }) => path)
}

function toEntry(path: string, stat: Stats, isListed: boolean): SweptEntry {
  const { size, dev, ino, atimeMs, mtimeMs, ctimeMs } = stat
  return { path, kind: kindOf(stat), isListed, size, dev, ino, atimeMs, mtimeMs, ctimeMs }
}

function kindOf(stat: Stats): SweptEntry['kind'] {
  if (stat.isFile()) return 'file'
  if (stat.isDirectory()) return 'directory'
  if (stat.isSymbolicLink()) return 'symlink'
  if (stat.isFIFO()) return 'fifo'
  return stat.isSocket() ? 'socket' : 'device'
}

function remove(root: string, entry: SweptEntry): boolean {
  try {
    const names = entry.path.split('/')
    const last = names.pop() ?? ''
    const directory = openBelow(realpathSync(root), names)
    try {
      return removeIn(`/proc/self/fd/${directory}/${last}`, entry)
    } finally {
      closeSync(directory)
    }
  } catch (error) {
    // On the way, or in it, something was put since.
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENOTEMPTY', 'EEXIST')) return false
    const path = join(root, entry.path)
    throw heldError(path, error, 'what stood there') ?? writeError(path, error, 'what stood there')
  }
}

const directoryFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW

/** openat(2), which Node has no call for, by way of /proc. */
function openBelow(root: string, names: readonly string[]): number {
  let at = openSync(root, directoryFlags)
  for (const name of names) {
    try {
      const next = openSync(`/proc/self/fd/${at}/${name}`, directoryFlags)
      closeSync(at)
      at = next
    } catch (error) {
      closeSync(at)
      throw error
    }
  }
  return at
}

function removeIn(path: string, entry: SweptEntry): boolean {
  const there = lstatSync(path, { throwIfNoEntry: false })
  if (there === undefined || there.ino !== entry.ino || there.dev !== entry.dev) return false
  if (entry.kind === 'directory') {
    rmdirSync(path)
    return true
  }
  if (there.isDirectory() || there.mtimeMs !== entry.mtimeMs || there.size !== entry.size) return false
  unlinkSync(path)
  return true
}
