/** What the classifier said last of each host. */
import { canonical } from '../../schemas/canonical.ts'
import type { Attributes } from '../../schemas/trusted.ts'
import type { Db } from './db.ts'
import { change, getRow } from './statement.ts'

export function findClassification(db: Db, host: string): Attributes | undefined {
  const row = getRow<{ attributes: string }>(db, 'SELECT attributes FROM classification WHERE host = ?', host)
  // Written by saveClassification() alone.
  return row === undefined ? undefined : (JSON.parse(row.attributes) as Attributes)
}

/** False when it is what was known. */
export function saveClassification(db: Db, host: string, attributes: Attributes): boolean {
  const text = canonical(attributes)
  return (
    change(
      db,
      `INSERT INTO classification (host, attributes) VALUES (?, ?)
       ON CONFLICT (host) DO UPDATE SET attributes = excluded.attributes WHERE attributes <> excluded.attributes`,
      host,
      text,
    ) > 0
  )
}
