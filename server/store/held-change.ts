/** Changes of catalogs that wait for a person. */
import type { Drop } from '../site/drop.ts'
import type { Db } from './db.ts'
import { allRows, change, getRow } from './statement.ts'

/** Times in milliseconds since the epoch. */
export interface HeldChange extends Drop {
  readonly host: string
  readonly incarnation: number
  readonly revision: string
  readonly heldAt: number
  /** Null until a person signed it off; the host gets it with its next request. */
  readonly approvedAt: number | null
}

type Row = Omit<HeldChange, 'dropped'> & { readonly dropped: string }

const select = `SELECT host.name AS host, incarnation, evidence, revision, dropped, resources, held_at AS heldAt,
    approved_at AS approvedAt
  FROM held_change JOIN host ON host.current = held_change.incarnation`

/** Of the host's incarnation in service. */
export function findHeldChange(db: Db, host: string): HeldChange | undefined {
  const row = getRow<Row>(db, `${select} WHERE host.name = ?`, host)
  return row && parse(row)
}

/** Those that no person has signed off, by host. */
export function listHeldChanges(db: Db): readonly HeldChange[] {
  return allRows<Row>(db, `${select} WHERE approved_at IS NULL ORDER BY host.name`).map(parse)
}

function parse(row: Row): HeldChange {
  // Written by holdChange() alone.
  return { ...row, dropped: JSON.parse(row.dropped) as readonly string[] }
}

/** Whether a person signed exactly that off. */
export function isApproved(db: Db, incarnation: number, { evidence }: Drop): boolean {
  const found = getRow<{ approvedAt: number | null }>(
    db,
    'SELECT approved_at AS approvedAt FROM held_change WHERE incarnation = ? AND evidence = ?',
    incarnation,
    evidence,
  )
  return found !== undefined && found.approvedAt !== null
}

/** Takes the place of what was held before. False when just that is held already. */
export function holdChange(
  db: Db,
  incarnation: number,
  { evidence, dropped, resources, revision }: Drop & { readonly revision: string },
  now: number,
): boolean {
  const held = getRow<{ evidence: string }>(
    db,
    'SELECT evidence FROM held_change WHERE incarnation = ? AND revision = ?',
    incarnation,
    revision,
  )
  if (held?.evidence === evidence) return false
  change(
    db,
    `INSERT OR REPLACE INTO held_change (incarnation, evidence, revision, dropped, resources, held_at)
     VALUES (?, ?, ?, ?, ?, ?)`,
    incarnation,
    evidence,
    revision,
    JSON.stringify(dropped),
    resources,
    now,
  )
  return true
}

/** Nothing waits any more. */
export function releaseChange(db: Db, incarnation: number): void {
  change(db, 'DELETE FROM held_change WHERE incarnation = ?', incarnation)
}

/** False when the incarnation has no such change that waits. */
export function approveChange(db: Db, incarnation: number, evidence: string, now: number): boolean {
  return (
    change(
      db,
      'UPDATE held_change SET approved_at = ? WHERE incarnation = ? AND evidence = ? AND approved_at IS NULL',
      now,
      incarnation,
      evidence,
    ) === 1
  )
}
