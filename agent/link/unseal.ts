/** Opens secrets that the server sealed for this host's key. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { RekindleError } from '../../schemas/errors.ts'
import { sha256 } from '../../schemas/hash.ts'

/**
 * Values by name.
 *
 * @param keys private keys of this host, PEM, the present one first
 * @throws RekindleError `catalog-invalid` when none of them opens it
 */
export async function unseal(jwe: string, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const key = keys.map((pem) => createPrivateKey(pem)).find((one) => isSealedFor(jwe, one))
  if (key === undefined) throw refuse('they are sealed for another key than this host’s')
  // Most agents have no secrets, and need not load it.
  const { compactDecrypt } = await import('jose')
  const { plaintext } = await compactDecrypt(jwe, key, {
    keyManagementAlgorithms: ['ECDH-ES', 'RSA-OAEP-256'],
    contentEncryptionAlgorithms: ['A256GCM'],
  }).catch(() => {
    throw refuse('they cannot be decrypted')
  })
  return valuesIn(Buffer.from(plaintext).toString())
}

/** Whether a JWE names the key. */
export function isSealedFor(jwe: string, privateKey: KeyObject | string): boolean {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return kidOf(jwe) === sha256(spki)
}

function kidOf(jwe: string): unknown {
  try {
    const header: unknown = JSON.parse(Buffer.from(jwe.split('.', 1)[0] ?? '', 'base64url').toString())
    return Reflect.get(Object(header), 'kid')
  } catch {
    return undefined
  }
}

/** What does not fit is not quoted: it holds values. */
function valuesIn(text: string): ReadonlyMap<string, string> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw refuse('what is in them is no JSON')
  }
  const entries = Object.entries(Object(value))
  const isValue = (entry: [string, unknown]): entry is [string, string] => typeof entry[1] === 'string'
  if (!entries.every(isValue)) throw refuse('what is in them is not as this agent knows it')
  return new Map(entries)
}

function refuse(reason: string): RekindleError {
  return new RekindleError({
    code: 'catalog-invalid',
    message: `Cannot open the secrets of the catalog: ${reason}`,
    kept: 'everything; nothing was changed',
    hint: 'The server gives a new catalog with the next run that reaches it',
  })
}
