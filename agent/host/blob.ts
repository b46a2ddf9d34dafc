/**
 * Content-addressed bytes that catalogs name: one file each, `<directory>/<sha256>`, readable by root alone. One
 * directory: ext4 takes ten times as long to make files all over 256 of them. What is read or put is what its name says,
 * always: every way in and out hashes. Only read() holds the bytes in memory.
 */
import { randomBytes } from 'node:crypto'
import { constants, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path/posix'
import { hasCode, RekindleError } from '../../schemas/errors.ts'
import { sha256 as hashBytes } from '../../schemas/hash.ts'
import { hashPieces, writePieces } from './pieces.ts'

/** Bytes in pieces, so that nothing has to hold all of them. */
export type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/** Gets bytes that the store lacks. */
export type FetchBlob = (sha256: string) => Promise<Pieces>

export interface BlobStore {
  has(sha256: string): boolean
  /** Where the bytes are, or would be. */
  path(sha256: string): string
  /** The bytes, fetched where the store lacks them. @throws RekindleError `blob-missing` */
  read(sha256: string): Promise<Uint8Array>
  /** @throws RekindleError `blob-missing` when the bytes are not what the name says */
  put(sha256: string, pieces: Pieces): Promise<void>
  /**
   * read() into a new file, for bytes of any size.
   *
   * @throws RekindleError `blob-missing`; there is no file then
   */
  copyTo(sha256: string, path: string): Promise<void>
  /** Removes every blob that is not in `keep`. */
  prune(keep: ReadonlySet<string>): void
  /** Contents that are given out and never stored, in place of those that were held before. */
  hold(contents: ReadonlyMap<string, Uint8Array>): void
}

export function createBlobStore(directory: string, fetchBlob?: FetchBlob): BlobStore {
  const path = (name: string) => join(directory, name)
  let held: ReadonlyMap<string, Uint8Array> = new Map()

  async function put(name: string, pieces: Pieces): Promise<void> {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    // Not synced: what a loss of power leaves torn does not hash to its name, and is fetched again.
    const temporary = join(directory, `.${randomBytes(16).toString('hex')}`)
    try {
      const found = await writePieces(temporary, pieces)
      if (found !== name) throw missing(name, `the bytes that came for it are "${found}"`)
      renameSync(temporary, path(name))
    } finally {
      rmSync(temporary, { force: true })
    }
  }

  async function fetchInto(name: string): Promise<void> {
    if (fetchBlob === undefined) {
      throw missing(
        name,
        existsSync(path(name)) ? 'its file in the store is damaged' : 'it is not in the store',
      )
    }
    try {
      await put(name, await fetchBlob(name))
    } catch (cause) {
      if (cause instanceof RekindleError && cause.code === 'blob-missing') throw cause
      throw missing(name, undefined, cause)
    }
  }

  return {
    has: (name) => held.has(name) || existsSync(path(name)),
    path,
    put,
    hold(contents) {
      held = contents
    },
    async read(name) {
      const inMemory = held.get(name)
      if (inMemory !== undefined) return inMemory
      const kept = readKept(path(name))
      if (kept !== undefined && hashBytes(kept) === name) return kept
      await fetchInto(name)
      return readFileSync(path(name))
    },
    async copyTo(name, to) {
      const inMemory = held.get(name)
      if (inMemory !== undefined) return writeFile(to, inMemory, { flag: 'wx', mode: 0o600 })
      if (await copyKept(name, path(name), to)) return
      await fetchInto(name)
      if (!(await copyKept(name, path(name), to))) throw missing(name, 'its file in the store is damaged')
    },
    prune(keep) {
      for (const name of listIfThere(directory)) {
        // An older agent kept them in directories of two digits.
        if (!keep.has(name)) rmSync(join(directory, name), { recursive: true, force: true })
      }
    },
  }
}

/** Hashes the copy: that is what is used. @returns false, and no copy, where it is not what its name says */
async function copyKept(name: string, from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
  } catch (error) {
    if (hasCode(error, 'ENOENT') && !existsSync(from)) return false
    throw error
  }
  if ((await hashPieces(to)) === name) return true
  rmSync(to)
  return false
}

function readKept(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function listIfThere(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}

function missing(name: string, reason?: string, cause?: unknown): RekindleError {
  return new RekindleError({
    code: 'blob-missing',
    message: `Cannot get content "${name}"${reason === undefined ? '' : `: ${reason}`}`,
    cause,
  })
}
