/** Whose a client certificate is, decided by the store at every request: a revocation needs no restart and no list. */
import { RekindleError } from '../../schemas/errors.ts'
import { type CertificateHolder, findHolder, markFirstUse } from '../store/certificate.ts'
import type { Db } from '../store/db.ts'
import { whileUnchanged } from '../store/unchanged.ts'

/** What TLS says of the client's certificate. Possession of its key was proved in the handshake. */
export interface Presented {
  /** SHA-256 (DER), lower-case hex. */
  readonly fingerprint: string
  /** Why the chain does not hold against our authority, by OpenSSL's name; undefined when it holds. */
  readonly chainError: string | undefined
}

/**
 * The incarnation that a certificate speaks for.
 *
 * @throws RekindleError `certificate-unknown`, `certificate-expired` or `certificate-revoked`.
 */
export function identify(db: Db, presented: Presented | undefined, now: number): CertificateHolder {
  if (presented === undefined) throw refuse('certificate-unknown', 'no client certificate was given')
  const { fingerprint } = presented
  const holder = whileUnchanged(db, `holder ${fingerprint}`, () => findHolder(db, fingerprint))
  if (holder === undefined) {
    throw refuse(
      'certificate-unknown',
      presented.chainError === undefined
        ? `this server knows no certificate ${presented.fingerprint}`
        : `another authority issued the certificate (${presented.chainError})`,
    )
  }
  const who = `incarnation ${holder.number} of host "${holder.host}"`
  if (holder.state === 'gone') throw refuse('certificate-revoked', `${who} is gone`)
  if (holder.revokedAt !== null) {
    throw refuse('certificate-revoked', `the certificate of ${who} was revoked ${iso(holder.revokedAt)}`)
  }
  if (holder.supersededAt !== null) {
    throw refuse('certificate-revoked', `${who} has a newer certificate since ${iso(holder.supersededAt)}`)
  }
  if (holder.expiresAt <= now) {
    throw refuse('certificate-expired', `the certificate of ${who} ended ${iso(holder.expiresAt)}`)
  }
  if (presented.chainError !== undefined) {
    throw refuse(
      'certificate-unknown',
      `the chain of its certificate does not hold (${presented.chainError})`,
    )
  }
  if (holder.firstUsedAt === null) markFirstUse(db, fingerprint, now)
  return holder
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

function refuse(
  code: 'certificate-unknown' | 'certificate-expired' | 'certificate-revoked',
  reason: string,
): RekindleError {
  return new RekindleError({
    code,
    message: `Cannot accept the client: ${reason}`,
    hint:
      code === 'certificate-unknown' ? 'Enrol the host with a token' : 'Rebuild the host, or enrol it again',
  })
}
