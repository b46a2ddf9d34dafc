/** Certificate requests (PKCS #10) from hosts: what is believed of them is the key, and nothing else. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import 'reflect-metadata'
import { Pkcs10CertificateRequest } from '@peculiar/x509'
import { RekindleError } from '../../schemas/errors.ts'
import { sha256 } from '../../schemas/hash.ts'

export interface HostKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer
  /** SHA-256 of `spki`, hex. */
  readonly hash: string
}

const curves: readonly unknown[] = ['prime256v1', 'secp384r1']

/**
 * The key of a request whose self-signature holds. Its subject and its extensions are ignored.
 *
 * @throws RekindleError `csr-invalid`.
 */
export async function readRequest(pem: string): Promise<HostKey> {
  const request = parse(pem)
  const spki = Buffer.from(request.publicKey.rawData)
  const key = toKey(spki)
  const weakness = weaknessOf(key)
  if (weakness !== undefined) throw refuse(weakness)
  const signed = await request.verify().catch(() => false)
  if (!signed) throw refuse('its signature is not made with its own key')
  return { spki, hash: sha256(spki) }
}

function parse(pem: string): Pkcs10CertificateRequest {
  try {
    return new Pkcs10CertificateRequest(pem)
  } catch (cause) {
    throw refuse('it is no PKCS #10 request in PEM', cause)
  }
}

function toKey(spki: Buffer): KeyObject {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' })
  } catch (cause) {
    throw refuse('its key cannot be read', cause)
  }
}

function weaknessOf(key: KeyObject): string | undefined {
  switch (key.asymmetricKeyType) {
    case 'ec':
      return curves.includes(key.asymmetricKeyDetails?.namedCurve)
        ? undefined
        : `its curve is ${key.asymmetricKeyDetails?.namedCurve}, not P-256 or P-384`
    case 'rsa': {
      const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
      return bits >= 2048 && bits <= 4096 ? undefined : `its RSA key has ${bits} bits, not 2048 to 4096`
    }
    case 'ed25519':
      return undefined
    default:
      return `keys of type ${key.asymmetricKeyType} are not taken`
  }
}

function refuse(reason: string, cause?: unknown): RekindleError {
  return new RekindleError({
    code: 'csr-invalid',
    message: `Cannot accept the certificate request: ${reason}`,
    ...(cause instanceof Error ? { cause: new Error(cause.message.slice(0, 200)) } : {}),
  })
}
