/** For tests: a content that the host's store has. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path/posix'
import { sha256 } from '../../schemas/hash.ts'
import type { Host } from './host.ts'

export function keepBlob({ blobs }: Host, bytes: Uint8Array): void {
  const path = blobs.path(sha256(bytes))
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
}
