/** Files that survive a loss of power: the old content or the new one, never a part of either. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { RekindleError } from '../../schemas/errors.ts'

/**
 * Replaces a file atomically and returns when it is on the disk. Made for root alone: mode 0600, folders 0700.
 *
 * @throws RekindleError `internal` when the disk does not take it; the old file is still there.
 */
export function saveDurably(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.new`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeSynced(temporary, content)
    renameSync(temporary, path)
    syncDirectory(dirname(path))
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw new RekindleError({
      code: 'internal',
      message: `Cannot save "${path}"`,
      kept: 'the old file',
      cause,
    })
  }
}

function writeSynced(path: string, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const file = openSync(path, 'w', 0o600)
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
