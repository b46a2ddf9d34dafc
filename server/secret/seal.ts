/** Encrypts secrets to the key of one host's certificate. */
import type { KeyObject } from 'node:crypto'
import { CompactEncrypt } from 'jose'
import { RekindleError } from '../../schemas/errors.ts'
import { sha256 } from '../../schemas/hash.ts'

/** A compact JWE with the values as JSON, by name. @throws RekindleError `unsupported` for keys that cannot be encrypted to */
export function sealFor(publicKey: KeyObject, values: ReadonlyMap<string, string>): Promise<string> {
  const kid = sha256(publicKey.export({ type: 'spki', format: 'der' }))
  return new CompactEncrypt(Buffer.from(JSON.stringify(Object.fromEntries(values))))
    .setProtectedHeader({ alg: algorithmOf(publicKey), enc: 'A256GCM', kid })
    .encrypt(publicKey)
}

function algorithmOf({ asymmetricKeyType }: KeyObject): string {
  if (asymmetricKeyType === 'ec') return 'ECDH-ES'
  if (asymmetricKeyType === 'rsa') return 'RSA-OAEP-256'
  throw new RekindleError({
    code: 'unsupported',
    message: `Cannot encrypt secrets to a host's key of type ${asymmetricKeyType}`,
    kept: 'the last good catalog',
    hint: 'Enrol the host with a key on P-256, as its agent makes one',
  })
}
