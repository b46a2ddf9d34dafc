/**
 * Content-addressed bytes that catalogs name: one file each, `<directory>/<sha256>`, readable by root alone. One
 * directory: ext4 takes ten times as long to make files all over 256 of them. What is read or put is what its name says, always: every way in and out hashes.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path/posix'
import { RekindleError } from '../../schemas/errors.ts'
import { sha256 as hashBytes } from '../../schemas/hash.ts'

/** Gets bytes that the store lacks. */
export type FetchBlob = (sha256: string) => Promise<Uint8Array>

export interface BlobStore {
  has(sha256: string): boolean
  /** Where the bytes are, or would be. */
  path(sha256: string): string
  /** The bytes, fetched where the store lacks them. @throws RekindleError `blob-missing` */
  read(sha256: string): Promise<Uint8Array>
  /** @throws RekindleError `blob-missing` when the bytes are not what the name says */
  put(sha256: string, bytes: Uint8Array): void
  /** Removes every blob that is not in `keep`. */
  prune(keep: ReadonlySet<string>): void
}

export function createBlobStore(directory: string, fetchBlob?: FetchBlob): BlobStore {
  const path = (name: string) => join(directory, name)

  function put(name: string, bytes: Uint8Array): void {
    const found = hashBytes(bytes)
    if (found !== name) throw missing(name, `the bytes that came for it are "${found}"`)
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    // Not synced: what a loss of power leaves torn does not hash to its name, and is fetched again.
    const temporary = join(directory, `.${randomBytes(16).toString('hex')}`)
    try {
      writeFileSync(temporary, bytes, { mode: 0o600, flag: 'wx' })
      renameSync(temporary, path(name))
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    }
  }

  return {
    has: (name) => existsSync(path(name)),
    path,
    put,
    async read(name) {
      const kept = readKept(path(name))
      if (kept !== undefined && hashBytes(kept) === name) return kept
      if (fetchBlob === undefined) {
        throw missing(
          name,
          kept === undefined ? 'it is not in the store' : 'its file in the store is damaged',
        )
      }
      const bytes = await fetchBlob(name).catch((cause: unknown) => {
        throw missing(name, undefined, cause)
      })
      put(name, bytes)
      return bytes
    },
    prune(keep) {
      for (const name of listIfThere(directory)) {
        // An older agent kept them in directories of two digits.
        if (!keep.has(name)) rmSync(join(directory, name), { recursive: true, force: true })
      }
    },
  }
}

function readKept(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

function listIfThere(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch (error) {
    if (isNotFound(error)) return []
    throw error
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function missing(name: string, reason?: string, cause?: unknown): RekindleError {
  return new RekindleError({
    code: 'blob-missing',
    message: `Cannot get content "${name}"${reason === undefined ? '' : `: ${reason}`}`,
    cause,
  })
}
