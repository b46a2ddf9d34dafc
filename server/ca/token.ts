/** Join tokens and rebuild tickets: 256 random bits, stored as SHA-256, used once, short-lived, for one incarnation. */
import { RekindleError } from '../../schemas/errors.ts'
import { sha256 } from '../../schemas/hash.ts'
import type { Db } from '../store/db.ts'
import { transact } from '../store/statement.ts'
import { findToken, type StoredToken, saveToken, voidTokens } from '../store/token.ts'

export interface TokenRequest {
  /** Id of the incarnation whose certificate it gives. */
  readonly incarnation: number
  readonly kind: 'join' | 'ticket'
  readonly ttlMs: number
  /** Id of the rebuild that a ticket is for. */
  readonly rebuild?: string
}

export interface MintedToken {
  /** 43 characters of base64url; not kept anywhere. */
  readonly token: string
  readonly expiresAt: number
}

/** Makes a token. Unused older ones of the same incarnation are void from then on. */
export function mintToken(
  db: Db,
  request: TokenRequest,
  now: number,
  random: (bytes: number) => Buffer,
): MintedToken {
  const token = random(32).toString('base64url')
  const expiresAt = now + request.ttlMs
  transact(db, () => {
    voidTokens(db, request.incarnation)
    saveToken(db, {
      hash: sha256(token),
      kind: request.kind,
      incarnation: request.incarnation,
      rebuild: request.rebuild ?? null,
      createdAt: now,
      expiresAt,
    })
  })
  return { token, expiresAt }
}

/**
 * The stored token, when it may be used now.
 * `isRetry` says whether a used token may pass since the answer to its one use got lost.
 *
 * @throws RekindleError `token-invalid`, `token-used` or `token-expired`.
 */
export function checkToken(
  db: Db,
  token: string,
  now: number,
  isRetry: (token: StoredToken) => boolean,
): StoredToken {
  const stored = findToken(db, sha256(token))
  if (stored === undefined) throw refuse('token-invalid', 'the token is unknown')
  if (stored.state === 'gone') {
    throw refuse('token-invalid', `incarnation ${stored.incarnation} of host "${stored.host}" is gone`)
  }
  if (stored.usedAt !== null && !isRetry(stored)) {
    throw refuse(
      'token-used',
      `the token for host "${stored.host}" was used ${new Date(stored.usedAt).toISOString()}`,
    )
  }
  if (stored.expiresAt <= now) {
    throw refuse(
      'token-expired',
      `the token for host "${stored.host}" ended ${new Date(stored.expiresAt).toISOString()}`,
    )
  }
  return stored
}

function refuse(code: 'token-invalid' | 'token-expired' | 'token-used', reason: string): RekindleError {
  return new RekindleError({
    code,
    message: `Cannot enrol: ${reason}`,
    hint: 'Make a new token: rekindle token create --host NAME, or rebuild the host',
  })
}
