/** Versions of what hosts have installed. Hosts with the same packages share one row. */
import { canonical } from '../../schemas/canonical.ts'
import type { Db } from './db.ts'
import { change, getRow, transact } from './statement.ts'

export interface StoredPackages {
  /** SHA-256 of `versions`. */
  readonly hash: string
  /** Canonical JSON: versions by name. */
  readonly versions: string
}

/** Of what an incarnation told last; null before its first word. */
export function packagesHashOf(db: Db, incarnation: number): string | null {
  const row = getRow<{ hash: string | null }>(
    db,
    'SELECT packages_hash AS hash FROM incarnation WHERE id = ?',
    incarnation,
  )
  return row?.hash ?? null
}

/** What an incarnation told last. */
export function findPackages(db: Db, incarnation: number): StoredPackages | undefined {
  return getRow(
    db,
    `SELECT hash, versions FROM package_set
     WHERE hash = (SELECT packages_hash FROM incarnation WHERE id = ?)`,
    incarnation,
  )
}

/** Canonical JSON: versions by name. */
export function findPackageSet(db: Db, hash: string): string | undefined {
  return getRow<{ versions: string }>(db, 'SELECT versions FROM package_set WHERE hash = ?', hash)?.versions
}

/** Keeps what an incarnation told; false when it told only a hash, and nobody told the versions. */
export function savePackages(
  db: Db,
  incarnation: number,
  { hash, versions }: { readonly hash: string; readonly versions?: Readonly<Record<string, string>> },
): boolean {
  return transact(db, () => {
    if (versions !== undefined) {
      const text = canonical(versions)
      change(db, 'INSERT INTO package_set (hash, versions) VALUES (?, ?) ON CONFLICT DO NOTHING', hash, text)
    }
    if (getRow(db, 'SELECT 1 FROM package_set WHERE hash = ?', hash) === undefined) return false
    change(db, 'UPDATE incarnation SET packages_hash = ? WHERE id = ?', hash, incarnation)
    return true
  })
}

/** Forgets what no incarnation has; gives how many sets that were. */
export function prunePackages(db: Db): number {
  return change(
    db,
    `DELETE FROM package_set WHERE NOT EXISTS (
       SELECT 1 FROM incarnation WHERE packages_hash = hash AND state <> 'gone')`,
  )
}
