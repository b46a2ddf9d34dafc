/** Enrolment and renewal: a token, or a certificate that still holds, for a new certificate. */
import { RekindleError } from '../../schemas/errors.ts'
import type { EnrolmentRequest, EnrolmentResponse } from '../../schemas/generated/types.ts'
import { sha256 } from '../../schemas/hash.ts'
import type { Context } from '../context.ts'
import { appendAudit } from '../store/audit.ts'
import { isUnansweredEnrolment, saveCertificate } from '../store/certificate.ts'
import type { Db } from '../store/db.ts'
import { endDriftOfIncarnation } from '../store/drift.ts'
import { findIncarnation, type Incarnation, saveAddress, takeOver } from '../store/incarnation.ts'
import { transact } from '../store/statement.ts'
import { type StoredToken, useToken } from '../store/token.ts'
import type { Authority } from './authority.ts'
import { issueHostCertificate } from './issue.ts'
import { readRequest } from './request.ts'
import { checkToken } from './token.ts'

/** What enrolment tells the rest of the server. */
export interface EnrolmentEvents {
  /** In the transaction of the enrolment, after the incarnation has its certificate. */
  onEnrolled(incarnation: number): void
  /** After the transaction: an incarnation that lost its host's name, so that its connection is closed. */
  onRetired(incarnation: number): void
}

/**
 * Redeems a token for a certificate, in one transaction. A rebuild's ticket leaves the takeover to the rebuild; a join
 * token makes its incarnation the host's current one at once, and the former one is revoked.
 *
 * A token is used once. The one exception: the same key may ask again while no certificate of the incarnation was ever
 * used, since the answer may have been lost on its way (a host that is killed right then must not be locked out).
 *
 * @throws RekindleError `token-invalid`, `token-expired`, `token-used` or `csr-invalid`.
 */
export async function enrol(
  context: Context,
  authority: Authority,
  request: EnrolmentRequest & { readonly address: string },
  events: EnrolmentEvents,
): Promise<EnrolmentResponse> {
  const { db } = context
  // A stranger's request costs a look-up; only a good token is worth a signature.
  checkToken(db, request.token, context.now(), () => true)
  const key = await readRequest(request.csr)
  const isRetry = (token: StoredToken) => isUnansweredEnrolment(db, token.incarnation, key.hash)
  const token = checkToken(db, request.token, context.now(), isRetry)
  const incarnation = requireIncarnation(db, token.incarnation)
  const certificate = await issueHostCertificate(authority, incarnation, key, context.now())

  const retired = transact(db, () => {
    const now = context.now()
    // While the certificate was signed, somebody else may have had the token's one use.
    const again = checkToken(db, request.token, now, isRetry)
    useToken(db, sha256(request.token), now)
    saveCertificate(db, token.incarnation, certificate)
    saveAddress(db, token.incarnation, request.address)
    appendAudit(
      db,
      {
        actor: request.address,
        action: 'enrol.accepted',
        target: `host:${token.host}`,
        detail: `incarnation ${incarnation.number} by ${again.kind === 'ticket' ? 'rebuild ticket' : 'join token'}, certificate ${certificate.serial}`,
      },
      now,
    )
    const old = token.kind === 'join' ? takeOver(db, token.incarnation, now) : undefined
    if (old !== undefined) endDriftOfIncarnation(db, old, now)
    events.onEnrolled(token.incarnation)
    return old
  })
  if (retired !== undefined) events.onRetired(retired)
  context.live.emit({ type: 'host', host: token.host })
  return {
    host: token.host,
    incarnation: incarnation.number,
    certificate: certificate.pem,
    catalogKey: authority.catalogPublicKey,
  }
}

/**
 * A new certificate for an incarnation that proved itself with one that holds. The old one goes on until the new one is
 * first used.
 *
 * @throws RekindleError `csr-invalid`.
 */
export async function renew(
  context: Context,
  authority: Authority,
  request: { readonly incarnation: number; readonly csr: string },
): Promise<EnrolmentResponse> {
  const key = await readRequest(request.csr)
  const incarnation = requireIncarnation(context.db, request.incarnation)
  const certificate = await issueHostCertificate(authority, incarnation, key, context.now())
  transact(context.db, () => {
    saveCertificate(context.db, incarnation.id, certificate)
    appendAudit(
      context.db,
      {
        actor: `host:${incarnation.host}`,
        action: 'certificate.renewed',
        target: `host:${incarnation.host}`,
        detail: `incarnation ${incarnation.number}, certificate ${certificate.serial}`,
      },
      context.now(),
    )
  })
  return {
    host: incarnation.host,
    incarnation: incarnation.number,
    certificate: certificate.pem,
    catalogKey: authority.catalogPublicKey,
  }
}

function requireIncarnation(db: Db, id: number): Incarnation {
  const incarnation = findIncarnation(db, id)
  if (incarnation === undefined) {
    throw new RekindleError({ code: 'not-found', message: `Cannot find incarnation ${id}` })
  }
  return incarnation
}
