/** Envelopes as they are sent: from the store, and the last ones from memory. What a hash names never changes. */
import { RekindleError } from '../../schemas/errors.ts'
import { findEnvelope } from '../store/catalog.ts'
import type { Db } from '../store/db.ts'

export interface Envelopes {
  /** JSON, UTF-8. @throws RekindleError `internal` when there is none of that hash */
  find(hash: string): Buffer
}

/** Each of a large catalog has some 100 KiB. */
const kept = 64

export function createEnvelopes(db: Db): Envelopes {
  const recent = new Map<string, Buffer>()
  return {
    find(hash) {
      const bytes = recent.get(hash) ?? load(db, hash)
      // The one that was used last goes last.
      recent.delete(hash)
      recent.set(hash, bytes)
      const [oldest] = recent.keys()
      if (recent.size > kept && oldest !== undefined) recent.delete(oldest)
      return bytes
    },
  }
}

function load(db: Db, hash: string): Buffer {
  const envelope = findEnvelope(db, hash)
  if (envelope !== undefined) return Buffer.from(envelope)
  throw new RekindleError({ code: 'internal', message: `Cannot find catalog "${hash}"` })
}
