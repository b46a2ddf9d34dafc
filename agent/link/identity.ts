import { X509Certificate } from 'node:crypto'

/** Who this incarnation is to its server. All keys and certificates are PEM. */
export interface Identity {
  readonly host: string
  readonly incarnation: number
  /** EC P-256 private key (PKCS #8), made on this host; it never leaves it. */
  readonly key: string
  /** The one before the last renewal: secrets of the last good catalog may still be sealed for it. */
  readonly formerKey?: string
  readonly certificate: string
  /** The only authority that this agent trusts. */
  readonly ca: string
  /** Ed25519 public key that catalogs are signed with. */
  readonly catalogKey: string
}

/** Whether a certificate is past half of its life, and should be renewed. `now` in milliseconds since the epoch. */
export function isRenewalDue(certificate: string, now: number): boolean {
  const { validFromDate, validToDate } = new X509Certificate(certificate)
  return now > (validFromDate.getTime() + validToDate.getTime()) / 2
}
