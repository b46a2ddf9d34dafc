/** Takes an incarnation's certificates their power: at its next request, without a restart or a list to refresh. */
import type { Context } from '../context.ts'
import { appendAudit } from '../store/audit.ts'
import { findIncarnation, revokeIncarnation } from '../store/incarnation.ts'
import { transact } from '../store/statement.ts'

/**
 * Revokes and audits, in the transaction that is open or one of its own. The caller closes the agent's connection after it.
 *
 * @returns false when there is no such incarnation, or it was revoked before.
 */
export function revoke(
  { db, now }: Pick<Context, 'db' | 'now'>,
  incarnation: number,
  { by, reason }: { readonly by: string; readonly reason: string },
): boolean {
  return transact(db, () => {
    const found = findIncarnation(db, incarnation)
    if (found === undefined || !revokeIncarnation(db, incarnation, now())) return false
    const detail = `incarnation ${found.number}: ${reason}`
    appendAudit(db, { actor: by, action: 'certificate.revoked', target: `host:${found.host}`, detail }, now())
    return true
  })
}
