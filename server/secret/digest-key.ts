/** The key of secrets' digests: made at the server's first start, in `dataDir/secret-key`, and never anywhere else. */
import { createSecretKey, type KeyObject } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasCode, RekindleError } from '../../schemas/errors.ts'

const length = 32

/** @throws RekindleError `config-invalid` when the file holds something else */
export function loadDigestKey(dataDir: string, random: (bytes: number) => Buffer): KeyObject {
  const path = join(dataDir, 'secret-key')
  const bytes = readKey(path) ?? makeKey(path, random)
  if (bytes.length === length) return createSecretKey(bytes)
  throw new RekindleError({
    code: 'config-invalid',
    message: `Cannot use the key in "${path}": it has ${bytes.length} bytes, not ${length}`,
    hint: 'Restore it from a backup, or remove it: then hosts with secrets get new catalogs, once',
  })
}

function readKey(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function makeKey(path: string, random: (bytes: number) => Buffer): Buffer {
  const bytes = random(length)
  writeFileSync(path, bytes, { mode: 0o600, flag: 'wx', flush: true })
  return bytes
}
