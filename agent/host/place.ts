/**
 * Holds on to the directory of a file, where a user of the host may rename and replace what stands on the way to it. A
 * path is looked up again with every call, so that between a check and a write it can come to mean another directory; a
 * directory that is held open is the same one until it is let go, and `/proc/self/fd/<n>` names it (proc(5)).
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync } from 'node:fs'
import { dirname, join } from 'node:path/posix'
import { hasCode, RekindleError } from '../../schemas/errors.ts'
import { type FileStat, toFileStat } from './file-reader.ts'

export interface Place {
  /** A path of the directory for this process, whatever becomes of its names. Not for people. */
  readonly directory: string
  /** The directory's path, once links are followed. For people. */
  readonly shown: string
  /** The directory. */
  readonly stat: FileStat
}

export interface Places {
  /**
   * Gives a directory to `use`, and lets it go after that. A symbolic link on the way is followed only where none but
   * root can put one. Undefined, and `use` is not called, when nothing is there.
   *
   * @throws RekindleError `resource-unreadable` at a link that someone else could have put
   */
  within<Result>(directory: string, use: (place: Place) => Result): Result | undefined
  /** The same for what takes time. */
  withinAsync<Result>(directory: string, use: (place: Place) => Promise<Result>): Promise<Result | undefined>
}

interface Opened {
  readonly fd: number
  readonly shown: string
}

/** As many as the kernel follows (path_resolution(7)). */
const mostLinks = 40
const openFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
const worldWritable = 0o002
const groupWritable = 0o020
const sticky = 0o1000

export function createPlaces(): Places {
  return {
    within(directory, use) {
      const opened = openDirectory(directory)
      if (opened === undefined) return undefined
      try {
        return use(placeOf(opened))
      } finally {
        closeSync(opened.fd)
      }
    },
    async withinAsync(directory, use) {
      const opened = openDirectory(directory)
      if (opened === undefined) return undefined
      try {
        return await use(placeOf(opened))
      } catch (error) {
        throw withPath(error, opened)
      } finally {
        closeSync(opened.fd)
      }
    },
  }
}

function openDirectory(directory: string): Opened | undefined {
  let at: Opened = { fd: openSync('/', openFlags), shown: '/' }
  let links = 0
  let names = namesOf(directory)
  try {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      const entry = lstatSync(join(heldPath(at), name), { throwIfNoEntry: false })
      if (entry === undefined) {
        closeSync(at.fd)
        return undefined
      }
      if (entry.isSymbolicLink()) {
        links += 1
        assertTrusted(directory, at, { name, uid: entry.uid, links })
        const target = readlinkSync(join(heldPath(at), name))
        names = [...namesOf(target), ...names]
        if (target.startsWith('/')) at = moved(at, '/', '/')
      } else {
        at = moved(at, join(heldPath(at), name), name === '..' ? dirname(at.shown) : join(at.shown, name))
      }
    }
    return at
  } catch (error) {
    closeSync(at.fd)
    if (hasCode(error, 'ENOENT')) return undefined
    if (hasCode(error, 'ENOTDIR')) throw unreadable(directory, 'something on the way is no directory')
    if (hasCode(error, 'ELOOP')) throw unreadable(directory, 'a link was put in the way')
    throw error
  }
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.')
}

function moved(from: Opened, path: string, shown: string): Opened {
  const fd = openSync(path, openFlags)
  closeSync(from.fd)
  return { fd, shown }
}

function heldPath({ fd }: Pick<Opened, 'fd'>): string {
  return `/proc/self/fd/${fd}`
}

function placeOf(opened: Opened): Place {
  return { directory: heldPath(opened), shown: opened.shown, stat: toFileStat(fstatSync(opened.fd)) }
}

/** Even a link of root's own may have been moved to where it is by whoever may write there. */
function assertTrusted(
  directory: string,
  parent: Opened,
  { name, uid, links }: { readonly name: string; readonly uid: number; readonly links: number },
): void {
  if (links > mostLinks) throw unreadable(directory, 'too many symbolic links')
  const stat = fstatSync(parent.fd)
  const isShared = (stat.mode & (worldWritable | groupWritable)) !== 0 && (stat.mode & sticky) === 0
  if (isOwn(uid) && isOwn(stat.uid) && !isShared) return
  throw unreadable(
    directory,
    `"${join(parent.shown, name)}" is a symbolic link, in a directory where others than root can put one`,
  )
}

/** Root's, or that of this process, which follows its own links when it is not root. */
function isOwn(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.()
}

function withPath(error: unknown, opened: Opened): unknown {
  if (!(error instanceof RekindleError)) return error
  const { code, message, where, kept, hint, cause } = error
  const named = (text: string) => text.replaceAll(heldPath(opened), opened.shown)
  return new RekindleError({
    code,
    message: named(message),
    where,
    kept: kept === undefined ? undefined : named(kept),
    hint: hint === undefined ? undefined : named(hint),
    cause,
  })
}

function unreadable(path: string, reason: string): RekindleError {
  return new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot read "${path}": ${reason}`,
    kept: 'what stands there',
    hint: 'Put a directory in place of the link, or give a target that root owns',
  })
}
