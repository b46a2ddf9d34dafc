/** Commits as the API shows them. */
import type { CommitView } from '../http/view.ts'
import type { Db } from './db.ts'
import { type Commit, findCommit } from './site.ts'

/** What a revision stood for at a time, in an environment if it was served there. Null where the site was a folder. */
export function commitOf(
  db: Db,
  revision: string | null,
  when: { readonly at: number; readonly environment: string | null | undefined },
): CommitView | null {
  return revision === null ? null : renderCommit(findCommit(db, revision, when))
}

export function renderCommit(commit: Commit | undefined): CommitView | null {
  if (commit === undefined) return null
  const { hash, author, committedAt, subject } = commit
  return { hash, author, subject, committedAt: isoOrNull(committedAt) }
}

/** Whoever writes a commit sets its clock. */
function isoOrNull(ms: number): string | null {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}
