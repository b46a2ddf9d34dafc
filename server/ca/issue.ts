/** Certificates that the authority signs: for incarnations of hosts, and for the server itself. */
import { randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import 'reflect-metadata'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  PublicKey,
  type PublicKeyType,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { sha256 } from '../../schemas/hash.ts'
import type { IssuedCertificate } from '../store/certificate.ts'
import { type Authority, type Issuer, newSerial, signing } from './authority.ts'
import type { HostKey } from './request.ts'

export const hostLifetimeMs = 90 * 86_400_000
export const serverLifetimeMs = 365 * 86_400_000
/** Hosts whose clock is behind must not find a new certificate in their future. */
const clockSkewMs = 3_600_000

export interface HostIdentity {
  readonly host: string
  /** Number of the incarnation. */
  readonly number: number
}

export interface HostCertificate extends IssuedCertificate {
  readonly pem: string
}

/** Signs a host's key. Subject and URI come from the store, never from what the host asked for. */
export async function issueHostCertificate(
  authority: Authority,
  identity: HostIdentity,
  key: HostKey,
  now: number,
): Promise<HostCertificate> {
  const uri = `urn:rekindle:incarnation:${identity.host}:${identity.number}`
  const issued = await issue(authority, {
    commonName: identity.host,
    publicKey: new PublicKey(key.spki),
    names: [{ type: 'url', value: uri }],
    usages: [ExtendedKeyUsage.clientAuth],
    now,
    lifetimeMs: hostLifetimeMs,
  })
  return { ...issued, publicKey: key.hash }
}

export interface ServerCertificate {
  /** The server's certificate and the authority's, PEM. */
  readonly cert: string
  readonly key: string
  readonly expiresAt: number
}

/** A new key and certificate for the server's listeners, good for `names` (host names and IP addresses). */
export async function issueServerCertificate(
  authority: Authority,
  names: readonly string[],
  now: number,
): Promise<ServerCertificate> {
  const keys = await webcrypto.subtle.generateKey(signing, true, ['sign', 'verify'])
  const issued = await issue(authority, {
    commonName: 'Rekindle server',
    publicKey: keys.publicKey,
    names: names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
    usages: [ExtendedKeyUsage.serverAuth],
    now,
    lifetimeMs: serverLifetimeMs,
  })
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return { cert: `${issued.pem}\n${authority.pem}`, key, expiresAt: issued.expiresAt }
}

export interface Order {
  readonly commonName: string
  readonly publicKey: PublicKeyType
  readonly names: readonly { readonly type: 'url' | 'dns' | 'ip'; readonly value: string }[]
  readonly usages: readonly ExtendedKeyUsage[]
  readonly now: number
  readonly lifetimeMs: number
}

/** Signs what it is told to: whether that is right is for the caller to say. Never an authority's certificate. */
export async function issue(
  authority: Issuer,
  order: Order,
): Promise<{ pem: string; fingerprint: string; serial: string; issuedAt: number; expiresAt: number }> {
  const serial = newSerial(randomBytes)
  // X.509 counts in seconds; whoever compares must not find a difference.
  const until = Math.min(order.now + order.lifetimeMs, authority.certificate.notAfter.getTime())
  const expiresAt = Math.floor(until / 1000) * 1000
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([...order.usages]),
    await AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
  ]
  if (order.names.length > 0) extensions.push(new SubjectAlternativeNameExtension([...order.names]))
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial,
    subject: [{ CN: [order.commonName] }],
    issuer: authority.certificate.subjectName,
    notBefore: new Date(order.now - clockSkewMs),
    notAfter: new Date(expiresAt),
    publicKey: order.publicKey,
    signingKey: authority.key,
    signingAlgorithm: signing,
    extensions,
  })
  return {
    pem: certificate.toString('pem'),
    fingerprint: sha256(new Uint8Array(certificate.rawData)),
    serial,
    issuedAt: order.now,
    expiresAt,
  }
}
