/** Signed catalogs and the content-addressed blobs that they name. */
import type { Db } from './db.ts'
import { change, getRow, transact } from './statement.ts'

export interface StoredCatalog {
  readonly hash: string
  readonly host: string
  readonly revision: string
  /** JSON of `protocol/envelope`. */
  readonly envelope: string
}

/** Stores a catalog with its blobs; what is there already is not written again. */
export function saveCatalog(
  db: Db,
  catalog: StoredCatalog,
  blobs: ReadonlyMap<string, Uint8Array>,
  now: number,
): void {
  transact(db, () => {
    const added = change(
      db,
      'INSERT INTO catalog (hash, host, revision, envelope, created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING',
      catalog.hash,
      catalog.host,
      catalog.revision,
      catalog.envelope,
      now,
    )
    if (added === 0) return
    for (const [sha256, bytes] of blobs) {
      change(
        db,
        'INSERT INTO blob (sha256, bytes) VALUES (?, ?) ON CONFLICT (sha256) DO NOTHING',
        sha256,
        bytes,
      )
      change(db, 'INSERT INTO catalog_blob (catalog, sha256) VALUES (?, ?)', catalog.hash, sha256)
    }
  })
}

/** JSON of the envelope, or undefined. */
export function findEnvelope(db: Db, hash: string): string | undefined {
  return getRow<{ envelope: string }>(db, 'SELECT envelope FROM catalog WHERE hash = ?', hash)?.envelope
}

/** JSON of the envelope that the incarnation was handed last; undefined when it was handed none. */
export function findOwnEnvelope(db: Db, incarnation: number): string | undefined {
  return getRow<{ envelope: string }>(
    db,
    'SELECT catalog.envelope FROM incarnation JOIN catalog ON catalog.hash = incarnation.catalog_hash WHERE incarnation.id = ?',
    incarnation,
  )?.envelope
}

/** The bytes of a blob that the incarnation's own catalog names; undefined when it names no such blob. */
export function findOwnBlob(db: Db, incarnation: number, sha256: string): Uint8Array | undefined {
  return getRow<{ bytes: Uint8Array }>(
    db,
    `SELECT blob.bytes FROM incarnation
     JOIN catalog_blob ON catalog_blob.catalog = incarnation.catalog_hash
     JOIN blob ON blob.sha256 = catalog_blob.sha256
     WHERE incarnation.id = ? AND catalog_blob.sha256 = ?`,
    incarnation,
    sha256,
  )?.bytes
}

/**
 * Removes catalogs made before `olderThan` that no living incarnation was handed last, then blobs that none names.
 * Reports keep the hash of what they applied.
 */
export function pruneCatalogs(db: Db, olderThan: number): { catalogs: number; blobs: number } {
  return transact(db, () => ({
    catalogs: change(
      db,
      `DELETE FROM catalog WHERE created_at < ? AND hash NOT IN (
         SELECT catalog_hash FROM incarnation WHERE state <> 'gone' AND catalog_hash IS NOT NULL)`,
      olderThan,
    ),
    blobs: change(db, 'DELETE FROM blob WHERE sha256 NOT IN (SELECT sha256 FROM catalog_blob)'),
  }))
}
