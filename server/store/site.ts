/** Revisions of the site as they were seen, by environment: served, or refused with what is wrong; and their commits. */
import type { SiteProblem } from '../http/view.ts'
import type { Db } from './db.ts'
import { allRows, change, getRow, transact } from './statement.ts'

/** A commit of the site's repository. */
export interface Commit {
  /** Whole, in hexadecimal. */
  readonly hash: string
  /** `Ann <ann@example.org>` */
  readonly author: string
  /** Milliseconds since the epoch, by the committer's clock. */
  readonly committedAt: number
  /** First line of its message. */
  readonly subject: string
}

export interface SeenSite {
  readonly id: number
  readonly revision: string
  /** Empty: the one of hosts that are in no other. */
  readonly environment: string
  readonly seenAt: number
  /** Null: refused. */
  readonly activatedAt: number | null
  readonly problems: readonly SiteProblem[]
  /** Absent where the site is a folder. */
  readonly commit: Commit | undefined
}

interface Row extends Omit<SeenSite, 'problems' | 'commit'>, CommitRow {
  readonly problems: string
}

interface CommitRow {
  readonly hash: string | null
  readonly author: string
  readonly committedAt: number
  readonly subject: string
}

const commitColumns =
  'git_commit.hash, git_commit.author, git_commit.committed_at AS committedAt, git_commit.subject'
const select = `SELECT site.id, site.revision, site.environment, site.seen_at AS seenAt,
    site.activated_at AS activatedAt, site.problems, ${commitColumns}
  FROM site LEFT JOIN git_commit ON git_commit.hash = site.commit_hash`

const toCommit = ({ hash, author, committedAt, subject }: CommitRow): Commit | undefined =>
  hash === null ? undefined : { hash, author, committedAt, subject }

function toSite(row: Row): SeenSite {
  const { id, revision, environment, seenAt, activatedAt } = row
  // The column is written by saveSeenSite alone.
  const problems = JSON.parse(row.problems) as SiteProblem[]
  return { id, revision, environment, seenAt, activatedAt, problems, commit: toCommit(row) }
}

/** Stores what was seen; a good one (no problems) is served from now on. */
export function saveSeenSite(
  db: Db,
  seen: Pick<SeenSite, 'revision' | 'environment' | 'problems' | 'commit'>,
  now: number,
): void {
  const { revision, environment, problems, commit } = seen
  transact(db, () => {
    if (commit !== undefined) saveCommit(db, commit)
    change(
      db,
      'INSERT INTO site (revision, environment, seen_at, activated_at, problems, commit_hash) VALUES (?, ?, ?, ?, ?, ?)',
      revision,
      environment,
      now,
      problems.length === 0 ? now : null,
      JSON.stringify(problems),
      commit?.hash ?? null,
    )
  })
}

function saveCommit(db: Db, { hash, author, committedAt, subject }: Commit): void {
  change(
    db,
    'INSERT INTO git_commit (hash, author, committed_at, subject) VALUES (?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING',
    hash,
    author,
    committedAt,
    subject,
  )
}

/** The newest revision that was seen of an environment, good or refused. */
export function newestSite(db: Db, environment: string): SeenSite | undefined {
  const row = getRow<Row>(db, `${select} WHERE environment = ? ORDER BY site.id DESC LIMIT 1`, environment)
  return row === undefined ? undefined : toSite(row)
}

/** The newest good revision of an environment: the one that is served. */
export function activeSite(db: Db, environment: string): SeenSite | undefined {
  const row = getRow<Row>(
    db,
    `${select} WHERE environment = ? AND activated_at IS NOT NULL ORDER BY site.id DESC LIMIT 1`,
    environment,
  )
  return row === undefined ? undefined : toSite(row)
}

/** Revisions of all environments that were activated last, newest first. */
export function recentRevisions(db: Db, limit: number): readonly string[] {
  return allRows<{ revision: string }>(
    db,
    `SELECT revision FROM site WHERE activated_at IS NOT NULL
     GROUP BY revision ORDER BY max(id) DESC LIMIT ?`,
    limit,
  ).map(({ revision }) => revision)
}

/**
 * The commit that a revision stood for at a time (milliseconds): the newest by then that had it, in that environment if
 * it was served there. Two commits of the same files have one revision.
 */
export function findCommit(
  db: Db,
  revision: string,
  { at, environment }: { readonly at: number; readonly environment?: string | null | undefined },
): Commit | undefined {
  const row = getRow<CommitRow>(
    db,
    `SELECT ${commitColumns} FROM site JOIN git_commit ON git_commit.hash = site.commit_hash
     WHERE site.revision = ? AND site.seen_at <= ? ORDER BY site.environment = ? DESC, site.id DESC LIMIT 1`,
    revision,
    at,
    environment ?? '',
  )
  return row === undefined ? undefined : toCommit(row)
}

/** How the site's repository answered. Times in milliseconds. */
export interface Remote {
  readonly fetchedAt: number | null
  /** Null: it answered when it was last asked. */
  readonly failingSince: number | null
  readonly problem: string | null
}

export function findRemote(db: Db, url: string): Remote | undefined {
  return getRow(
    db,
    'SELECT fetched_at AS fetchedAt, failing_since AS failingSince, problem FROM site_remote WHERE url = ?',
    url,
  )
}

export function saveRemote(db: Db, url: string, { fetchedAt, failingSince, problem }: Remote): void {
  change(
    db,
    `INSERT INTO site_remote (url, fetched_at, failing_since, problem) VALUES (?, ?, ?, ?)
     ON CONFLICT (url) DO UPDATE SET fetched_at = excluded.fetched_at, failing_since = excluded.failing_since,
       problem = excluded.problem`,
    url,
    fetchedAt,
    failingSince,
    problem,
  )
}
