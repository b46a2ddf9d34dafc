import { type KeyObject, sign, verify } from 'node:crypto'
import { canonical } from './canonical.ts'
import { RekindleError } from './errors.ts'
import type { Catalog, Envelope } from './generated/types.ts'
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

function refuse(code: 'signature-invalid' | 'catalog-invalid', reason: string): RekindleError {
  return new RekindleError({
    code,
    message: `Cannot accept the catalog: ${reason}`,
    kept: 'the last good catalog',
    hint: 'Check that the agent’s server and CA fingerprint are the right ones',
  })
}
