/**
 * Small texts that a type keeps about this host and that the host itself cannot tell, such as what a listing looked like
 * right after a change. A witness only: one that is lost costs a look more, or a change more, and never a wrong one.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path/posix'
import { hasCode } from '../../schemas/errors.ts'
import { sha256 } from '../../schemas/hash.ts'
import type { AtomicFile } from './atomic-file.ts'

export interface Notes {
  /** The text; undefined when there is none. */
  read(about: string): string | undefined
  /** Returns when it would survive a loss of power. */
  save(about: string, text: string): Promise<void>
  remove(about: string): void
}

/** @param directory made at the first write, for root alone */
export function createNotes(directory: string, write: Pick<AtomicFile, 'putFile'>): Notes {
  // Whatever a resource's id has in it, and however long it is.
  const path = (about: string) => join(directory, sha256(about))
  return {
    read(about) {
      try {
        return readFileSync(path(about), 'utf8')
      } catch (error) {
        if (hasCode(error, 'ENOENT')) return undefined
        throw error
      }
    },
    async save(about, text) {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      await write.putFile(path(about), { content: Buffer.from(text), mode: 0o600 })
    },
    remove: (about) => rmSync(path(about), { force: true }),
  }
}
