/** Revisions of the site that wait for a person. */
import type { Db } from './db.ts'
import { allRows, change, getRow } from './statement.ts'

/** Times in milliseconds since the epoch. */
export interface HeldRevision {
  /** Empty: the main one. */
  readonly environment: string
  /** Who approves a change approves this one: from what is served, for these policies. */
  readonly evidence: string
  readonly revision: string
  readonly heldAt: number
  /** Null until a person signed it off. */
  readonly approvedAt: number | null
}

const select =
  'SELECT environment, evidence, revision, held_at AS heldAt, approved_at AS approvedAt FROM held_revision'

export function findHeldRevision(db: Db, environment: string): HeldRevision | undefined {
  return getRow<HeldRevision>(db, `${select} WHERE environment = ?`, environment)
}

/** Those that no person has signed off, by environment. */
export function listHeldRevisions(db: Db): readonly HeldRevision[] {
  return allRows<HeldRevision>(db, `${select} WHERE approved_at IS NULL ORDER BY environment`)
}

/** Takes the place of what was held before; does nothing when just that is held already. */
export function holdRevision(
  db: Db,
  { environment, evidence, revision }: Pick<HeldRevision, 'environment' | 'evidence' | 'revision'>,
  now: number,
): void {
  if (findHeldRevision(db, environment)?.evidence === evidence) return
  change(
    db,
    'INSERT OR REPLACE INTO held_revision (environment, evidence, revision, held_at) VALUES (?, ?, ?, ?)',
    environment,
    evidence,
    revision,
    now,
  )
}

/** Nothing waits any more. */
export function releaseRevision(db: Db, environment: string): void {
  change(db, 'DELETE FROM held_revision WHERE environment = ?', environment)
}

/** False when no such revision waits. */
export function approveRevision(db: Db, evidence: string, now: number): boolean {
  return (
    change(
      db,
      'UPDATE held_revision SET approved_at = ? WHERE evidence = ? AND approved_at IS NULL',
      now,
      evidence,
    ) === 1
  )
}
