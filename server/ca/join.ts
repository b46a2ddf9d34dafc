/** Join tokens for machines that Rekindle did not make. */
import { RekindleError } from '../../schemas/errors.ts'
import type { Context } from '../context.ts'
import { appendAudit } from '../store/audit.ts'
import { ensureHost } from '../store/host.ts'
import { createIncarnation, listIncarnations } from '../store/incarnation.ts'
import { transact } from '../store/statement.ts'
import { type MintedToken, mintToken } from './token.ts'

const defaultTtlSeconds = 3600

/**
 * A token with which one machine enrols as the host's next incarnation. A candidate that never enrolled is used again, so
 * that asking twice leaves no ghosts.
 *
 * @throws RekindleError `conflict` for a host whose machines a driver makes: those are rebuilt.
 */
export function mintJoinToken(
  context: Pick<Context, 'db' | 'now' | 'random'>,
  wish: { readonly host: string; readonly ttlSeconds?: number | undefined; readonly by: string },
): MintedToken {
  const { db, random } = context
  const now = context.now()
  return transact(db, () => {
    const host = ensureHost(db, { name: wish.host, managed: false }, now)
    if (host.managed) {
      throw new RekindleError({
        code: 'conflict',
        message: `Cannot make a join token for host "${wish.host}": this server makes its machines`,
        hint: 'Rebuild the host',
      })
    }
    const [newest] = listIncarnations(db, wish.host, 1)
    const isUnused = newest?.state === 'candidate' && newest.enrolledAt === null
    const incarnation = isUnused ? newest : createIncarnation(db, wish.host, now)
    const ttlMs = (wish.ttlSeconds ?? defaultTtlSeconds) * 1000
    const minted = mintToken(db, { incarnation: incarnation.id, kind: 'join', ttlMs }, now, random)
    const detail = `incarnation ${incarnation.number}, until ${new Date(minted.expiresAt).toISOString()}`
    appendAudit(db, { actor: wish.by, action: 'token.created', target: `host:${wish.host}`, detail }, now)
    return minted
  })
}
