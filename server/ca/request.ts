/** Certificate requests (PKCS #10) from hosts: what is believed of them is the key, and nothing else. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import 'reflect-metadata'
import {
  ExtendedKeyUsageExtension,
  type Extension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509'
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
  return readKey(parse(pem))
}

/** What a request asks to be certified for: believed by nobody, but compared with what its host may have. */
export interface ServiceRequest extends HostKey {
  /** As in the parameter `keyType` of certificates, such as `ec-p256`. */
  readonly keyType: string
  /** DNS names and addresses. */
  readonly names: readonly string[]
  /** Object identifiers of the extended key usages. */
  readonly usages: readonly string[]
  /** Whatever else it asks for, such as to be an authority, or a URI for a name; by type or object identifier. */
  readonly others: readonly string[]
}

/** @throws RekindleError `csr-invalid`. */
export async function readServiceRequest(pem: string): Promise<ServiceRequest> {
  const request = parse(pem)
  const key = await readKey(request)
  return { ...key, ...readWish(request), keyType: keyTypeOf(toKey(key.spki)) }
}

type Wish = Pick<ServiceRequest, 'names' | 'usages' | 'others'>

function readWish(request: Pkcs10CertificateRequest): Wish {
  try {
    return wishOf(request)
  } catch (cause) {
    throw refuse('its extensions cannot be read', cause)
  }
}

function wishOf(request: Pkcs10CertificateRequest): Wish {
  const { extensions } = request
  const names = extensions
    .filter((one) => one instanceof SubjectAlternativeNameExtension)
    .flatMap(({ names: { items } }) => items)
  const usages = extensions.filter((one) => one instanceof ExtendedKeyUsageExtension)
  const isKnown = (one: Extension) =>
    one instanceof SubjectAlternativeNameExtension || one instanceof ExtendedKeyUsageExtension
  return {
    names: names.filter(({ type }) => type === 'dns' || type === 'ip').map(({ value }) => value),
    usages: usages.flatMap(({ usages: asked }) => asked.map(String)),
    others: [
      ...names
        .filter(({ type }) => type !== 'dns' && type !== 'ip')
        .map(({ type }) => `a name of type ${type}`),
      ...extensions.filter((one) => !isKnown(one)).map(({ type }) => `extension ${type}`),
    ],
  }
}

function keyTypeOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  if (asymmetricKeyType === 'rsa') return `rsa-${asymmetricKeyDetails?.modulusLength}`
  if (asymmetricKeyType !== 'ec') return `${asymmetricKeyType}`
  return asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'ec-p384' : 'ec-p256'
}

async function readKey(request: Pkcs10CertificateRequest): Promise<HostKey> {
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
