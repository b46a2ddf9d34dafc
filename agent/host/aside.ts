/**
 * Trees that stand beside their place: what is being made, and what was replaced and is being removed. Their paths are
 * noted first, so that the run after one that was killed removes them, whatever it has to change itself.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path/posix'
import { hasCode } from '../../schemas/errors.ts'
import { sha256 } from '../../schemas/hash.ts'

export interface Asides {
  /** Notes a path before something stands there. */
  note(path: string): void
  /** Nothing stands there any more. One that was not noted is no mistake. */
  forget(path: string): void
  /** Removes whatever stands at a noted path: called while no other run is under way, and before this one begins. */
  clear(): Promise<void>
}

/** @param directory made at the first note, for root alone */
export function createAsides(directory: string): Asides {
  const noteOf = (path: string) => join(directory, sha256(path))
  return {
    note(path) {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      writeFileSync(noteOf(path), path, { mode: 0o600 })
    },
    forget: (path) => rmSync(noteOf(path), { force: true }),
    async clear() {
      for (const name of namesIn(directory)) {
        const path = readFileSync(join(directory, name), 'utf8')
        // A note that the kill cut short is of nothing that was made.
        const isWhole = sha256(path) === name
        // What cannot be removed now stays noted, and keeps nobody from running.
        if (!isWhole || (await isRemoved(path))) rmSync(join(directory, name), { force: true })
      }
    },
  }
}

async function isRemoved(path: string): Promise<boolean> {
  try {
    await rm(path, { recursive: true, force: true })
    return true
  } catch {
    return false
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}
