/**
 * Remembers what was read for as long as the database stays as it is. SQLite tells both whether another connection has
 * committed (`data_version`) and how many rows this one has changed, foreign keys' actions included (`total_changes`).
 */
import type { Db } from './db.ts'
import { getRow } from './statement.ts'

/** Rows are kept by key until anything at all is written, or there are that many. */
const mostRows = 10_000

interface Memory {
  readonly version: string
  readonly rows: Map<string, unknown>
}

const memories = new WeakMap<Db, Memory>()

/** What `read` gave for the key since the last write by anybody; `key` names the question, too. */
export function whileUnchanged<Row extends object>(
  db: Db,
  key: string,
  read: () => Row | undefined,
): Row | undefined {
  // What a transaction sees may be taken back, and nothing would tell.
  if (db.inTransaction) return read()
  const version = versionOf(db)
  const known = memories.get(db)
  const memory = known?.version === version ? known : { version, rows: new Map<string, unknown>() }
  memories.set(db, memory)
  // One key is one question, so what it gave is of its type.
  if (memory.rows.has(key)) return memory.rows.get(key) as Row | undefined
  const row = read()
  if (row !== undefined && memory.rows.size < mostRows) memory.rows.set(key, row)
  return row
}

function versionOf(db: Db): string {
  const other = getRow<{ data_version: number }>(db, 'PRAGMA data_version')?.data_version
  const own = getRow<{ changes: number }>(db, 'SELECT total_changes() AS changes')?.changes
  return `${other} ${own}`
}
