/**
 * Changes files so that whoever looks sees the old or the new, never half of it: a temporary beside the file with its
 * final owner and mode, synced, renamed over it, and the directory synced. A failure leaves what was there and removes the
 * temporary; what a killed process left behind is removed at the next write into that directory.
 *
 * Access lists, extended attributes and hard links of a replaced file are not carried over, as with Puppet.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path/posix'
import { hasCode, RekindleError } from '../../schemas/errors.ts'
import type { Asides } from './aside.ts'
import { heldError } from './inode-flag.ts'
import { syncFileSystems } from './sync-file-system.ts'
import { makerOf, temporaryName } from './temporary-name.ts'
import { writeError } from './write-error.ts'

/** Absent: as it is, or the agent's own for what is made. */
export interface Owner {
  readonly uid?: number | undefined
  readonly gid?: number | undefined
}

export interface Attributes extends Owner {
  /** 0 to 0o7777. */
  readonly mode: number
}

export interface NewFile extends Attributes {
  readonly content: Uint8Array
  /** Called with the new content, its final owner and mode set, before it is moved in; what it throws ends the write. */
  readonly check?: (temporaryPath: string) => Promise<void>
}

export type PlacedFile = Omit<NewFile, 'check'> & { readonly path: string }

/** A file whose content is not held in memory. */
export interface FilledFile extends Omit<NewFile, 'content'> {
  /** Makes the file at the path, where nothing is; what it throws ends the write. */
  readonly fill: (temporaryPath: string) => Promise<void>
}

/** Every function throws RekindleError `apply-failed` with the reason, what was kept and what to do. */
export interface AtomicFile {
  /** Puts a regular file at the path, in place of whatever stands there, a directory with all in it included. */
  putFile(path: string, file: NewFile): Promise<void>
  /** putFile() for a content of any size. */
  fillFile(path: string, file: FilledFile): Promise<void>
  /**
   * putFile() for several, where they differ in path, with one wait for the disk in place of one for each file: all
   * temporaries, one sync of their file systems, then all renames. When it throws, any of them may be done or not, and
   * each is whole.
   */
  putFiles(files: readonly PlacedFile[]): Promise<void>
  /** Makes a directory in place of nothing or of something else than a directory. */
  putDirectory(path: string, attributes: Attributes): Promise<void>
  /** Puts a symbolic link at the path, in place of whatever stands there. */
  putLink(path: string, target: string, owner: Owner): Promise<void>
  /** Changes a file or directory that stays, or a link itself (which has no mode). Absent attributes stay. */
  setAttributes(path: string, attributes: Partial<Attributes>): Promise<void>
  /** Removes whatever stands at the path, with all in it. */
  remove(path: string): Promise<void>
}

/** To chown(2), an id that stays. */
const unchanged = -1
/** After this long, leftovers in a directory are looked for again. */
const sweepEveryMs = 60_000

/** @param asides where directories that are replaced are noted, so that one which a kill leaves is removed by the next run */
export function createAtomicFile(asides?: Asides): AtomicFile {
  /** When each directory was last swept, by the monotonic clock. */
  const sweptAt = new Map<string, number>()
  const active = new Set<string>()

  /** Makes something under a temporary name, then renames it over the path. */
  async function replace(path: string, make: (temporaryPath: string) => Promise<void>): Promise<void> {
    const directory = dirname(path)
    const temporary = join(directory, temporaryName(basename(path)))
    active.add(temporary)
    try {
      sweep(directory)
      await make(temporary)
      await moveIn(temporary, path, asides)
      await syncDirectory(directory)
    } catch (error) {
      discard(temporary)
      throw error
    } finally {
      active.delete(temporary)
    }
  }

  async function replaceAll(files: readonly PlacedFile[]): Promise<void> {
    const made: { readonly path: string; readonly temporary: string }[] = []
    try {
      for (const { path, ...file } of files) {
        const temporary = join(dirname(path), temporaryName(basename(path)))
        active.add(temporary)
        made.push({ path, temporary })
        sweep(dirname(path))
        fillNow(temporary, file)
      }
      const directories = [...new Set(files.map(({ path }) => dirname(path)))]
      syncFileSystems(directories)
      for (const { path, temporary } of made) await moveIn(temporary, path, asides)
      for (const directory of directories) await syncDirectory(directory)
    } catch (error) {
      for (const { temporary } of made) discard(temporary)
      throw error
    } finally {
      for (const { temporary } of made) active.delete(temporary)
    }
  }

  function sweep(directory: string): void {
    const now = performance.now()
    if (now - (sweptAt.get(directory) ?? Number.NEGATIVE_INFINITY) < sweepEveryMs) return
    for (const name of readdirSync(directory)) {
      const path = join(directory, name)
      if (isLeftover(name) && !active.has(path)) rmSync(path, { force: true, recursive: true })
    }
    sweptAt.set(directory, now)
  }

  return {
    putFile: (path, file) => guarded(path, () => replace(path, (temporary) => fill(temporary, file))),
    fillFile: (path, file) => guarded(path, () => replace(path, (temporary) => fillBy(temporary, file))),
    putFiles: async (files) => {
      const [first] = files
      if (first !== undefined) await guarded(first.path, () => replaceAll(files))
    },
    putDirectory: (path, attributes) =>
      guarded(path, () =>
        replace(path, async (temporary) => {
          mkdirSync(temporary, { mode: 0o700 })
          chownSync(temporary, attributes.uid ?? unchanged, attributes.gid ?? unchanged)
          chmodSync(temporary, attributes.mode)
        }),
      ),
    putLink: (path, target, { uid, gid }) =>
      guarded(path, () =>
        replace(path, async (temporary) => {
          symlinkSync(target, temporary)
          lchownSync(temporary, uid ?? unchanged, gid ?? unchanged)
        }),
      ),
    setAttributes: (path, attributes) =>
      guarded(path, async () => setAttributes(path, attributes), 'its content'),
    remove: (path) =>
      guarded(
        path,
        async () => {
          await removeAll(path)
          await syncDirectory(dirname(path))
        },
        'what of it could not be removed',
      ),
  }
}

async function fill(temporary: string, { content, check, ...attributes }: NewFile): Promise<void> {
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(content)
    await finish(handle, attributes)
  } finally {
    await handle.close()
  }
  await check?.(temporary)
}

async function fillBy(temporary: string, { fill, check, ...attributes }: FilledFile): Promise<void> {
  await fill(temporary)
  const handle = await open(temporary, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    // Whoever owns the directory could have put another's file in its place, to be given that.
    const { nlink } = await handle.stat()
    if (nlink !== 1) throw new Error('its temporary was replaced by something else')
    await finish(handle, attributes)
  } finally {
    await handle.close()
  }
  await check?.(temporary)
}

async function finish(handle: FileHandle, { uid, gid, mode }: Attributes): Promise<void> {
  // The owner first: a change of owner clears setuid and setgid.
  await handle.chown(uid ?? unchanged, gid ?? unchanged)
  await handle.chmod(mode)
  await handle.sync()
}

/** fill() without waiting for the disk, and without a promise for each call, which costs several times what they do. */
function fillNow(temporary: string, { content, uid, gid, mode }: Omit<NewFile, 'check'>): void {
  const fd = openSync(temporary, 'wx', 0o600)
  try {
    writeFileSync(fd, content)
    fchownSync(fd, uid ?? unchanged, gid ?? unchanged)
    fchmodSync(fd, mode)
  } finally {
    closeSync(fd)
  }
}

/** rename(2) replaces a file by anything but a directory, and a directory by nothing with content: those step aside. */
async function moveIn(temporary: string, path: string, asides: Asides | undefined): Promise<void> {
  const there = lstatSync(path, { throwIfNoEntry: false })
  if (there === undefined || !(there.isDirectory() || lstatSync(temporary).isDirectory())) {
    renameSync(temporary, path)
    return
  }
  const aside = join(dirname(path), temporaryName(basename(path)))
  asides?.note(aside)
  renameSync(path, aside)
  try {
    renameSync(temporary, path)
  } catch (error) {
    asides?.forget(aside)
    renameSync(aside, path)
    throw error
  }
  await removeAll(aside)
  asides?.forget(aside)
}

async function removeAll(path: string): Promise<void> {
  const there = lstatSync(path, { throwIfNoEntry: false })
  // Not rmSync: its errors have lost the code that says why.
  if (there?.isDirectory() === true) await rm(path, { recursive: true, force: true })
  else if (there !== undefined) unlinkSync(path)
}

/** A temporary that cannot be removed is swept later; the error at hand is the one to tell. */
function discard(temporary: string): void {
  try {
    rmSync(temporary, { force: true, recursive: true })
  } catch {}
}

function setAttributes(path: string, { uid, gid, mode }: Partial<Attributes>): void {
  const there = lstatSync(path, { throwIfNoEntry: false })
  if (there === undefined)
    throw new RekindleError({ code: 'apply-failed', message: `Cannot write "${path}": it is gone` })
  const owner = uid ?? there.uid
  const group = gid ?? there.gid
  if (there.isSymbolicLink()) {
    lchownSync(path, owner, group)
    return
  }
  // By descriptor: a path could be swapped for a link between the two calls, and chmod(2) would follow it.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    if (owner !== there.uid || group !== there.gid) fchownSync(fd, owner, group)
    fchmodSync(fd, mode ?? there.mode & 0o7777)
  } finally {
    closeSync(fd)
  }
}

/** A file that this process does not write at, of a process that is gone or had this one's id before it. */
export function isLeftover(name: string): boolean {
  const maker = makerOf(name)
  if (maker === undefined) return false
  return maker === process.pid || !isAlive(maker)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return hasCode(error, 'EPERM')
  }
}

async function syncDirectory(path: string): Promise<void> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
    await handle.sync()
  } finally {
    await handle?.close()
  }
}

async function guarded(
  path: string,
  change: () => Promise<void>,
  kept = 'what stood there before',
): Promise<void> {
  try {
    await change()
  } catch (error) {
    if (error instanceof RekindleError) throw error
    throw heldError(path, error, kept) ?? writeError(path, error, kept)
  }
}
