/** The audit log: append-only rows, each in the transaction of the act that it tells of. */
import type { AuditAct } from '../audit/act.ts'
import { type AuditEntry, chainStart, entryHash } from '../audit/chain.ts'
import type { Db } from './db.ts'
import { allRows, change, getRow, transact } from './statement.ts'

const columns = 'seq, at, actor, action, target, detail, revision, hash'

/** Appends one entry. Call it inside the transaction of the act. `now` in milliseconds. */
export function appendAudit(db: Db, act: AuditAct, now: number): AuditEntry {
  return transact(db, () => {
    const last = getRow<{ seq: number; hash: string }>(
      db,
      'SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1',
    )
    const facts = {
      seq: (last?.seq ?? 0) + 1,
      at: now,
      actor: wellFormed(act.actor),
      action: act.action,
      target: wellFormed(act.target),
      detail: act.detail === undefined ? null : wellFormed(act.detail),
      revision: act.revision ?? null,
    }
    const hash = entryHash(last?.hash ?? chainStart, facts)
    change(
      db,
      `INSERT INTO audit (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      facts.seq,
      facts.at,
      facts.actor,
      facts.action,
      facts.target,
      facts.detail,
      facts.revision,
      hash,
    )
    return { ...facts, hash }
  })
}

/** Text of strangers may hold half a surrogate pair, which canonical JSON cannot hold. */
function wellFormed(text: string): string {
  return text.toWellFormed().slice(0, 2000)
}

/** Newest first. */
export function listAudit(db: Db, limit: number): readonly AuditEntry[] {
  return allRows(db, `SELECT ${columns} FROM audit ORDER BY seq DESC LIMIT ?`, limit)
}

/** Refusals at or after `since`, newest first. */
export function listRefusals(db: Db, since: number, limit: number): readonly AuditEntry[] {
  return allRows(
    db,
    `SELECT ${columns} FROM audit WHERE at >= ? AND action LIKE '%.refused' ORDER BY seq DESC LIMIT ?`,
    since,
    limit,
  )
}

/** Entries after `seq`, oldest first: how a verifier walks the log in pieces. */
export function auditAfter(db: Db, seq: number, limit: number): readonly AuditEntry[] {
  return allRows(db, `SELECT ${columns} FROM audit WHERE seq > ? ORDER BY seq LIMIT ?`, seq, limit)
}
