import { type KeyObject, sign, verify } from 'node:crypto'
import { canonical } from './canonical.ts'
import { RekindleError } from './errors.ts'
import type { Catalog, Envelope, SealedSecrets } from './generated/types.ts'
import { sha256 } from './hash.ts'
import { validate } from './validate.ts'

/** Signs a catalog with the server's Ed25519 private key. */
export function seal(catalog: Catalog, privateKey: KeyObject): Envelope {
  const payload = canonical(catalog)
  const signature = sign(null, Buffer.from(payload), privateKey).toString('base64')
  return { payload, hash: sha256(payload), signature }
}

/**
 * Verifies signature, hash, format and addressee, in that order, and gives the catalog.
 *
 * @throws RekindleError `signature-invalid` or `catalog-invalid`; the caller keeps its last good catalog.
 */
export function open(envelope: Envelope, publicKey: KeyObject, host: string): Catalog {
  const bytes = Buffer.from(envelope.payload)
  if (!verify(null, bytes, publicKey, Buffer.from(envelope.signature, 'base64'))) {
    throw refuse('signature-invalid', 'it is not signed by this host’s server')
  }
  if (sha256(bytes) !== envelope.hash) throw refuse('signature-invalid', 'its hash is not that of its bytes')
  const catalog = validate('protocol/catalog', JSON.parse(envelope.payload), 'the catalog')
  if (catalog.host !== host)
    throw refuse('catalog-invalid', `it is for host "${catalog.host}", not "${host}"`)
  return catalog
}

/** Signs secrets that are sealed for a host, as those of this catalog and no other. */
export function signSealed(jwe: string, catalogHash: string, privateKey: KeyObject): SealedSecrets {
  const signature = sign(null, Buffer.from(`${catalogHash} ${jwe}`), privateKey).toString('base64')
  return { jwe, signature }
}

/**
 * Verifies what is sealed beside a catalog; undefined when nothing is.
 *
 * @throws RekindleError `signature-invalid`
 */
export function verifySealed({ hash, sealed }: Envelope, publicKey: KeyObject): string | undefined {
  if (sealed === undefined) return undefined
  const bytes = Buffer.from(`${hash} ${sealed.jwe}`)
  if (verify(null, bytes, publicKey, Buffer.from(sealed.signature, 'base64'))) return sealed.jwe
  throw refuse('signature-invalid', 'its secrets are not signed by this host’s server')
}

function refuse(code: 'signature-invalid' | 'catalog-invalid', reason: string): RekindleError {
  return new RekindleError({
    code,
    message: `Cannot accept the catalog: ${reason}`,
    kept: 'the last good catalog',
    hint: 'Check that the agent’s server and CA fingerprint are the right ones',
  })
}
