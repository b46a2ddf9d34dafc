/** What the catalogs that were handed out depend on. Hosts with the same reads share one row. */
import { canonical } from '../../schemas/canonical.ts'
import { sha256 } from '../../schemas/hash.ts'
import type { Read } from '../compiler/recorder.ts'
import type { Uses } from '../compiler/uses.ts'
import type { Db } from './db.ts'
import { allRows, change, getRow, transact } from './statement.ts'

export interface CatalogUses extends Uses {
  /** In the order of their first occurrence. */
  readonly reads: readonly Read[]
}

/** Of the catalog that an incarnation is handed. */
export function saveUses(db: Db, incarnation: number, uses: CatalogUses): void {
  const text = canonical(uses)
  const hash = sha256(text)
  transact(db, () => {
    change(db, 'INSERT INTO catalog_uses (hash, uses) VALUES (?, ?) ON CONFLICT DO NOTHING', hash, text)
    change(db, 'UPDATE incarnation SET uses_hash = ? WHERE id = ?', hash, incarnation)
  })
}

/** A catalog in service, with what it was compiled from. */
export interface ServedCatalog {
  readonly host: string
  /** Id of its incarnation. */
  readonly incarnation: number
  /** Canonical JSON of `protocol/facts`; null until it was sent. */
  readonly facts: string | null
  readonly role: string | null
  readonly revision: string | null
  /** Empty: the main one. */
  readonly environment: string | null
  readonly catalogHash: string | null
  readonly usesHash: string | null
}

const select = `SELECT host.name AS host, incarnation.id AS incarnation, facts, catalog_role AS role,
    catalog_revision AS revision, catalog_environment AS environment, catalog_hash AS catalogHash,
    uses_hash AS usesHash
  FROM host JOIN incarnation ON incarnation.id = host.current`

/** Of all hosts with an incarnation in service, by name. */
export function listServedCatalogs(db: Db): readonly ServedCatalog[] {
  return allRows(db, `${select} ORDER BY host.name`)
}

export function findServedCatalog(db: Db, host: string): ServedCatalog | undefined {
  return getRow(db, `${select} WHERE host.name = ?`, host)
}

export function findUses(db: Db, hash: string): CatalogUses | undefined {
  const row = getRow<{ uses: string }>(db, 'SELECT uses FROM catalog_uses WHERE hash = ?', hash)
  // Written by saveUses() alone.
  return row === undefined ? undefined : (JSON.parse(row.uses) as CatalogUses)
}

/** Forgets what no incarnation's catalog depends on; gives how many rows that were. */
export function pruneUses(db: Db): number {
  return change(
    db,
    `DELETE FROM catalog_uses WHERE NOT EXISTS (
       SELECT 1 FROM incarnation WHERE uses_hash = hash AND state <> 'gone')`,
  )
}
