/** Certificates that were issued, and whom they speak for. */
import type { Db } from './db.ts'
import { change, getRow, transact } from './statement.ts'

export interface IssuedCertificate {
  /** SHA-256 of the certificate (DER), hex. */
  readonly fingerprint: string
  /** Lower-case hex. */
  readonly serial: string
  /** SHA-256 of its key (SPKI), hex. */
  readonly publicKey: string
  readonly issuedAt: number
  readonly expiresAt: number
}

/** Stores a certificate of an incarnation and makes it the newest. The first one makes it enrolled. */
export function saveCertificate(db: Db, incarnation: number, certificate: IssuedCertificate): void {
  transact(db, () => {
    change(
      db,
      `INSERT INTO certificate (fingerprint, serial, incarnation, public_key, issued_at, expires_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
      certificate.fingerprint,
      certificate.serial,
      incarnation,
      certificate.publicKey,
      certificate.issuedAt,
      certificate.expiresAt,
    )
    change(
      db,
      'UPDATE incarnation SET serial = ?, fingerprint = ?, enrolled_at = coalesce(enrolled_at, ?) WHERE id = ?',
      certificate.serial,
      certificate.fingerprint,
      certificate.issuedAt,
      incarnation,
    )
  })
}

/** Whose a certificate is, as it stands now. */
export interface CertificateHolder {
  readonly incarnation: number
  readonly number: number
  readonly host: string
  readonly state: 'candidate' | 'current' | 'gone'
  readonly revokedAt: number | null
  readonly supersededAt: number | null
  readonly firstUsedAt: number | null
  readonly expiresAt: number
}

export function findHolder(db: Db, fingerprint: string): CertificateHolder | undefined {
  return getRow(
    db,
    `SELECT incarnation.id AS incarnation, incarnation.number, incarnation.host, incarnation.state,
       incarnation.revoked_at AS revokedAt, certificate.superseded_at AS supersededAt,
       certificate.first_used_at AS firstUsedAt, certificate.expires_at AS expiresAt
     FROM certificate JOIN incarnation ON incarnation.id = certificate.incarnation
     WHERE certificate.fingerprint = ?`,
    fingerprint,
  )
}

/** Marks the first use of a certificate; older ones of the same incarnation end with it. */
export function markFirstUse(db: Db, fingerprint: string, now: number): void {
  transact(db, () => {
    change(
      db,
      `UPDATE certificate SET superseded_at = ?
       WHERE superseded_at IS NULL AND fingerprint <> ?
         AND incarnation = (SELECT incarnation FROM certificate WHERE fingerprint = ?)
         AND rowid < (SELECT rowid FROM certificate WHERE fingerprint = ?)`,
      now,
      fingerprint,
      fingerprint,
      fingerprint,
    )
    change(
      db,
      'UPDATE certificate SET first_used_at = ? WHERE fingerprint = ? AND first_used_at IS NULL',
      now,
      fingerprint,
    )
  })
}

/** Whether the incarnation's certificates are all for this key and none was ever used: its enrolment's answer got lost. */
export function isUnansweredEnrolment(db: Db, incarnation: number, publicKey: string): boolean {
  const row = getRow<{ issued: number; other: number }>(
    db,
    `SELECT count(*) AS issued, count(CASE WHEN public_key <> ? OR first_used_at IS NOT NULL THEN 1 END) AS other
     FROM certificate WHERE incarnation = ?`,
    publicKey,
    incarnation,
  )
  return row !== undefined && row.issued > 0 && row.other === 0
}
