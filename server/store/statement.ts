/** Prepared statements, kept by database, and transactions that nest. */
import type { Statement } from 'better-sqlite3'
import type { Db } from './db.ts'

type Value = string | number | bigint | Uint8Array | null
type AnyStatement = Statement<Value[], unknown>

const cache = new WeakMap<Db, Map<string, AnyStatement>>()

function prepared(db: Db, sql: string): AnyStatement {
  const statements = cache.get(db) ?? new Map<string, AnyStatement>()
  cache.set(db, statements)
  const known = statements.get(sql)
  if (known !== undefined) return known
  const made = db.prepare<Value[], unknown>(sql)
  statements.set(sql, made)
  return made
}

/** The first row, or undefined. `Row` is what the statement selects: STRICT tables and our own SQL vouch for it. */
export function getRow<Row>(db: Db, sql: string, ...values: Value[]): Row | undefined {
  return prepared(db, sql).get(...values) as Row | undefined
}

/** All rows; the statement bounds them. */
export function allRows<Row>(db: Db, sql: string, ...values: Value[]): readonly Row[] {
  return prepared(db, sql).all(...values) as Row[]
}

/** Runs a statement that writes; gives how many rows it changed. */
export function change(db: Db, sql: string, ...values: Value[]): number {
  return prepared(db, sql).run(...values).changes
}

/**
 * Runs `work` in one transaction, or in the one that is open already.
 * It takes the write lock first, so that what it reads cannot be overtaken by the command line's process.
 */
export function transact<Result>(db: Db, work: () => Result): Result {
  return db.inTransaction ? work() : db.transaction(work).immediate()
}
