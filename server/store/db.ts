/** Opens the server's SQLite database and brings its tables up to date. All SQL lives in server/store. */
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite from 'better-sqlite3'
import { RekindleError } from '../../schemas/errors.ts'

export type Db = BetterSqlite.Database

/**
 * Opens (or makes) the database at `path`; `:memory:` for tests.
 *
 * WAL with `synchronous = FULL`: what was acknowledged survives a power cut, and readers never wait.
 */
export function openDatabase(path: string): Db {
  // SQLite would make it readable for everybody; its journal files take the mode of the database.
  if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600))
  const db = new BetterSqlite(path)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.pragma('foreign_keys = ON')
  db.pragma('busy_timeout = 5000')
  migrate(db, join(import.meta.dirname, 'migration'))
  return db
}

/** Runs each migration that the database has not seen, in order of name, each in a transaction of its own. */
function migrate(db: Db, dir: string): void {
  const names = readdirSync(dir)
    .filter((name) => name.endsWith('.sql'))
    .sort()
  const applied = Number(db.pragma('user_version', { simple: true }))
  if (applied > names.length) {
    throw new RekindleError({
      code: 'config-invalid',
      message: `Cannot open the database "${db.name}": a newer Rekindle wrote it`,
      found: `schema ${applied}`,
      wanted: `schema ${names.length} or older`,
      kept: 'the database, untouched',
      hint: 'Run the Rekindle that wrote it, or a newer one',
    })
  }
  names.slice(applied).forEach((name, index) => {
    db.transaction(() => {
      db.exec(readFileSync(join(dir, name), 'utf8'))
      db.pragma(`user_version = ${applied + index + 1}`)
    })()
  })
}
