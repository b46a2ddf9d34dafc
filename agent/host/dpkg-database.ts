/** dpkg's database as it is on disk: one status file, and the changes that dpkg has not yet merged into it. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type DpkgDatabase, parseDpkgStatus } from './dpkg-status.ts'

/**
 * A reader of the folder `/var/lib/dpkg`, which parses again only when its file or the updates beside it moved: dpkg replaces
 * the file on each change.
 */
export function readerOf(database: string): () => DpkgDatabase {
  let last: { readonly key: string; readonly found: DpkgDatabase } | undefined
  return () => {
    const status = join(database, 'status')
    const { ino, size, mtimeNs } = statSync(status, { bigint: true })
    const updates = updatesIn(database)
    const key = [ino, size, mtimeNs, ...updates].join(' ')
    // An update file keeps its name when it is written again, so its presence alone tells nothing.
    if (last?.key === key && updates.length === 0) return last.found
    const paths = [status, ...updates.map((name) => join(database, 'updates', name))]
    // All that is read of it is ASCII, and a string of single bytes is searched twice as fast.
    const texts = paths.map((path) => readFileSync(path, 'latin1'))
    last = { key, found: parseDpkgStatus(...texts) }
    return last.found
  }
}

/** Names of the files in which dpkg keeps changes until it has written the whole status file, in the order of writing. */
export function updatesIn(database: string): readonly string[] {
  return readdirSync(join(database, 'updates'))
    .filter((name) => /^\d+$/.test(name))
    .sort()
}
