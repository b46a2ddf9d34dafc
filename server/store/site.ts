/** Revisions of the site as they were seen: served, or refused with what is wrong. */
import type { SiteProblem } from '../http/view.ts'
import type { Db } from './db.ts'
import { change, getRow } from './statement.ts'

export interface SeenSite {
  readonly id: number
  readonly revision: string
  readonly seenAt: number
  /** Null: refused. */
  readonly activatedAt: number | null
  readonly problems: readonly SiteProblem[]
}

interface Row extends Omit<SeenSite, 'problems'> {
  readonly problems: string
}

const columns = 'id, revision, seen_at AS seenAt, activated_at AS activatedAt, problems'
// The column is written by saveSeenSite alone.
const toSite = (row: Row): SeenSite => ({ ...row, problems: JSON.parse(row.problems) as SiteProblem[] })

/** Stores what was seen; a good one (no problems) is served from now on. */
export function saveSeenSite(db: Db, revision: string, problems: readonly SiteProblem[], now: number): void {
  change(
    db,
    'INSERT INTO site (revision, seen_at, activated_at, problems) VALUES (?, ?, ?, ?)',
    revision,
    now,
    problems.length === 0 ? now : null,
    JSON.stringify(problems),
  )
}

/** The newest revision that was seen, good or refused. */
export function newestSite(db: Db): SeenSite | undefined {
  const row = getRow<Row>(db, `SELECT ${columns} FROM site ORDER BY id DESC LIMIT 1`)
  return row === undefined ? undefined : toSite(row)
}

/** The newest good revision: the one that is served. */
export function activeSite(db: Db): SeenSite | undefined {
  const row = getRow<Row>(
    db,
    `SELECT ${columns} FROM site WHERE activated_at IS NOT NULL ORDER BY id DESC LIMIT 1`,
  )
  return row === undefined ? undefined : toSite(row)
}
