/** What PostgreSQL keeps of a password (RFC 5802 and 7677): enough to tell who knows it, and not the password. Pure. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'

/** PostgreSQL's own. */
const iterations = 4096

/**
 * The verifier of a password; one that is given comes back as it is. The salt is made from `of`, which is different for
 * each role of each host and no secret, so that two compiles give the same.
 *
 * @example scramVerifier('secret', 'db-1 shop') // 'SCRAM-SHA-256$4096:...$...:...'
 */
export function scramVerifier(password: string, of: string): string {
  if (password.startsWith('SCRAM-SHA-256$')) return password
  const salt = createHash('sha256').update(of).digest().subarray(0, 16)
  // SASLprep, for what people type.
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, 32, 'sha256')
  const keyed = (text: string) => createHmac('sha256', salted).update(text).digest()
  const stored = createHash('sha256').update(keyed('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${keyed('Server Key').toString('base64')}`
}
