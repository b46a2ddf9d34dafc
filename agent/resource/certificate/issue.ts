/** Makes a key and a certificate for it. Pure, but for chance and for the clock, which is given. */
import { createPrivateKey, type KeyObject, randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import { isAddress } from '../../../schemas/certificate-name.ts'
import type { KeyType } from './state.ts'

export interface Issue {
  readonly names: readonly string[]
  readonly keyType: KeyType
  readonly validDays: number
  /** Milliseconds since the epoch. */
  readonly now: number
  /** PEM of both; absent: the certificate signs itself. */
  readonly authority: { readonly cert: string; readonly key: string } | undefined
}

export interface Issued {
  readonly certificate: string
  readonly key: string
}

const dayMs = 86_400_000
/** For hosts whose clock is behind. */
const earlierMs = 3_600_000

const keyAlgorithms = {
  'ec-p256': { name: 'ECDSA', namedCurve: 'P-256' },
  'ec-p384': { name: 'ECDSA', namedCurve: 'P-384' },
  'rsa-2048': rsa(2048),
  'rsa-3072': rsa(3072),
  'rsa-4096': rsa(4096),
} as const satisfies Record<KeyType, object>

function rsa(modulusLength: number) {
  const publicExponent = new Uint8Array([1, 0, 1])
  return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent, modulusLength }
}

/** @throws Error for an authority that cannot sign, in words */
export async function issue({ names, keyType, validDays, now, authority }: Issue): Promise<Issued> {
  const keys = await makeKeys(keyType)
  const x509 = await import('@peculiar/x509')
  const subject = [{ CN: [names[0] ?? ''] }]
  const signer = authority === undefined ? undefined : await signerOf(authority, now)
  const end = Math.min(now + validDays * dayMs, signer?.endsAt ?? Number.POSITIVE_INFINITY)
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject,
    issuer: signer?.issuer ?? subject,
    notBefore: new Date(now - earlierMs),
    notAfter: new Date(end),
    publicKey: keys.publicKey,
    signingKey: signer?.key ?? keys.privateKey,
    signingAlgorithm: signer?.algorithm ?? signatureOf(keyType),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
        true,
      ),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isAddress(value) ? 'ip' : 'dns', value })),
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ...(signer === undefined ? [] : [await x509.AuthorityKeyIdentifierExtension.create(signer.publicKey)]),
    ],
  })
  return { certificate: `${certificate.toString('pem').trim()}\n`, key: await pemOf(keys) }
}

export async function makeKeys(keyType: KeyType): Promise<webcrypto.CryptoKeyPair> {
  // Loaded here alone: only few hosts make certificates. x509's container needs reflect-metadata before it.
  await import('reflect-metadata')
  const keys = await webcrypto.subtle.generateKey(keyAlgorithms[keyType], true, ['sign', 'verify'])
  // Algorithms that sign have pairs.
  return keys as webcrypto.CryptoKeyPair
}

/** The private key, PKCS #8. */
export async function pemOf({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', privateKey)
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
  return key.export({ format: 'pem', type: 'pkcs8' }).toString()
}

interface Signer {
  readonly issuer: string
  readonly key: webcrypto.CryptoKey
  readonly publicKey: webcrypto.CryptoKey
  readonly algorithm: { readonly name: string; readonly hash: string }
  readonly endsAt: number
}

async function signerOf(
  { cert, key }: { readonly cert: string; readonly key: string },
  now: number,
): Promise<Signer> {
  const { X509Certificate: Parsed } = await import('@peculiar/x509')
  const certificate = new X509Certificate(cert)
  const privateKey = createPrivateKey(key)
  if (!certificate.ca) throw new Error('its certificate is not that of an authority')
  if (!certificate.checkPrivateKey(privateKey)) throw new Error('its key is not the one of its certificate')
  if (certificate.validToDate.getTime() <= now)
    throw new Error(`it ended on ${certificate.validToDate.toISOString()}`)
  const { imported, algorithm } = algorithmsFor(privateKey)
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' })
  const spki = certificate.publicKey.export({ format: 'der', type: 'spki' })
  return {
    issuer: new Parsed(cert).subject,
    key: await webcrypto.subtle.importKey('pkcs8', pkcs8, imported, false, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', spki, imported, true, ['verify']),
    algorithm,
    endsAt: certificate.validToDate.getTime(),
  }
}

function algorithmsFor({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject) {
  if (asymmetricKeyType === 'rsa') {
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
    return { imported: algorithm, algorithm }
  }
  const isLarge = asymmetricKeyDetails?.namedCurve === 'secp384r1'
  if (asymmetricKeyType !== 'ec' || !(isLarge || asymmetricKeyDetails?.namedCurve === 'prime256v1'))
    throw new Error('its key is neither RSA nor EC P-256 or P-384')
  const imported = { name: 'ECDSA', namedCurve: isLarge ? 'P-384' : 'P-256' }
  return { imported, algorithm: { name: 'ECDSA', hash: isLarge ? 'SHA-384' : 'SHA-256' } }
}

/** How a key of that type signs for itself. */
export function signatureOf(keyType: KeyType): Signer['algorithm'] {
  if (keyType.startsWith('rsa')) return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  return { name: 'ECDSA', hash: keyType === 'ec-p384' ? 'SHA-384' : 'SHA-256' }
}

/** 128 random bits, positive (RFC 5280 section 4.1.2.2). */
function serial(): string {
  const bytes = randomBytes(16)
  // A leading byte of 0x40 to 0x7f: no sign bit, and no leading zero that DER would drop.
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0)
  return bytes.toString('hex')
}
