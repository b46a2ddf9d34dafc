/** Join tokens and rebuild tickets, by their SHA-256: the token itself is nowhere in the database. */
import type { Db } from './db.ts'
import { change, getRow } from './statement.ts'

export interface StoredToken {
  readonly hash: string
  readonly kind: 'join' | 'ticket'
  readonly incarnation: number
  readonly host: string
  /** Id of the rebuild that a ticket is for. */
  readonly rebuild: string | null
  readonly createdAt: number
  readonly expiresAt: number
  readonly usedAt: number | null
  /** State of the incarnation that it is for. */
  readonly state: 'candidate' | 'current' | 'gone'
}

export type NewToken = Pick<
  StoredToken,
  'hash' | 'kind' | 'incarnation' | 'rebuild' | 'createdAt' | 'expiresAt'
>

export function saveToken(db: Db, token: NewToken): void {
  change(
    db,
    'INSERT INTO token (hash, kind, incarnation, rebuild, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)',
    token.hash,
    token.kind,
    token.incarnation,
    token.rebuild,
    token.createdAt,
    token.expiresAt,
  )
}

export function findToken(db: Db, hash: string): StoredToken | undefined {
  return getRow(
    db,
    `SELECT token.hash, token.kind, token.incarnation, incarnation.host, token.rebuild,
       token.created_at AS createdAt, token.expires_at AS expiresAt, token.used_at AS usedAt, incarnation.state
     FROM token JOIN incarnation ON incarnation.id = token.incarnation WHERE token.hash = ?`,
    hash,
  )
}

/** Takes the token's one use; false when somebody else had it. */
export function useToken(db: Db, hash: string, now: number): boolean {
  return change(db, 'UPDATE token SET used_at = ? WHERE hash = ? AND used_at IS NULL', now, hash) === 1
}

/** Voids what was minted for an incarnation and not used: a newer token takes its place. */
export function voidTokens(db: Db, incarnation: number): void {
  change(db, 'DELETE FROM token WHERE incarnation = ? AND used_at IS NULL', incarnation)
}
