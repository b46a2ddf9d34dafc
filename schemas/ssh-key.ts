/**
 * Public keys of SSH, as a line of text has them: the type's name and, in base64, a blob that begins with the same name
 * (RFC 4253, section 6.6; RFC 5656, section 3.1; RFC 8709, section 4; OpenSSH's PROTOCOL.u2f for `sk-`). Pure.
 */
import { createHash } from 'node:crypto'

/** What a blob of each type holds behind the type's name: each `bytes` of that length, or any. */
const parts: Readonly<Record<string, readonly ('any' | number)[]>> = {
  'ssh-ed25519': [32],
  'ssh-rsa': ['any', 'any'],
  'ssh-dss': ['any', 'any', 'any', 'any'],
  'ecdsa-sha2-nistp256': ['any', 65],
  'ecdsa-sha2-nistp384': ['any', 97],
  'ecdsa-sha2-nistp521': ['any', 133],
  'sk-ssh-ed25519@openssh.com': [32, 'any'],
  'sk-ecdsa-sha2-nistp256@openssh.com': ['any', 65, 'any'],
}

/** sshd's RequiredRSASize, below which it refuses a key. */
const leastRsaBits = 1024
const base64 = /^[A-Za-z0-9+/]+={0,2}$/

/** Whether a resource can have it; what later versions of OpenSSH bring, and certificates, are none. */
export function isSshKeyType(type: string): boolean {
  return Object.hasOwn(parts, type)
}

/** The type that the blob itself has; undefined when it is no blob of a key. */
export function sshKeyTypeOf(key: string): string | undefined {
  const [name] = fieldsOf(Buffer.from(key, 'base64')).fields
  const type = name?.toString('latin1')
  return type !== undefined && /^[a-z0-9][\w.@-]+$/i.test(type) ? type : undefined
}

/** The same bytes give the same text. */
export function canonicalSshKey(key: string): string {
  return Buffer.from(key, 'base64').toString('base64')
}

/** As `ssh-keygen -l` shows it. */
export function sshFingerprint(key: string): string {
  const digest = createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64')
  return `SHA256:${digest.replace(/=+$/, '')}`
}

/** What is wrong with a key that someone gave; undefined when it is a whole public key of that type. Never shows it. */
export function wrongSshKey(type: string, key: string): string | undefined {
  if (isPrivate(key))
    return 'it is a private key: give the public one (the file that ends in .pub), and replace the pair, since this one has been shown'
  if (/^\S+[ \t]+\S/.test(key.trim()))
    return 'it is more than the key: give the part that begins with AAAA alone, without type, options and comment'
  if (!base64.test(key) || Buffer.from(key, 'base64').length !== decodedLength(key)) return 'it is not base64'
  const found = sshKeyTypeOf(key)
  if (found === undefined) return 'it is base64, but no public key of SSH'
  if (found !== type) return `it is a key of type ${found}, not of ${type}`
  return wrongFields(type, fieldsOf(Buffer.from(key, 'base64')))
}

function isPrivate(key: string): boolean {
  if (key.includes('PRIVATE KEY')) return true
  const bytes = Buffer.from(key, 'base64')
  if (bytes.subarray(0, 14).toString('latin1') === 'openssh-key-v1') return true
  // A PEM file's body: a DER sequence that begins with the version 0 or 1, as PKCS #1, PKCS #8 and SEC 1 have it.
  const length = bytes[1] ?? 0
  const body = length === 0x82 ? 4 : length === 0x81 ? 3 : 2
  return bytes[0] === 0x30 && bytes[body] === 0x02 && bytes[body + 1] === 0x01 && (bytes[body + 2] ?? 2) < 2
}

/** Of base64 with its padding; -1 where that is missing. */
function decodedLength(key: string): number {
  if (key.length % 4 !== 0) return -1
  return (key.length / 4) * 3 - (/=*$/.exec(key)?.[0].length ?? 0)
}

interface Fields {
  readonly fields: readonly Buffer[]
  /** Whether they are all of it. */
  readonly isWhole: boolean
}

/** Strings with their length in four bytes before them. */
function fieldsOf(blob: Buffer): Fields {
  const fields: Buffer[] = []
  let at = 0
  while (at + 4 <= blob.length) {
    const end = at + 4 + blob.readUInt32BE(at)
    if (end > blob.length) break
    fields.push(blob.subarray(at + 4, end))
    at = end
  }
  return { fields, isWhole: at === blob.length }
}

function wrongFields(type: string, { fields: [, ...fields], isWhole }: Fields): string | undefined {
  const wanted = parts[type]
  if (wanted === undefined) return `type ${type} is not known`
  const fits =
    isWhole &&
    fields.length === wanted.length &&
    wanted.every((length, at) => length === 'any' || fields[at]?.length === length)
  if (!fits) return 'it is cut off, or has something behind it'
  const bits = type === 'ssh-rsa' ? bitsOf(fields[1]) : leastRsaBits
  return bits < leastRsaBits
    ? `it has ${bits} bits, and OpenSSH takes no RSA key below ${leastRsaBits}`
    : undefined
}

function bitsOf(modulus: Buffer | undefined): number {
  const hex = modulus?.toString('hex').replace(/^0+/, '') ?? ''
  return hex === '' ? 0 : (hex.length - 1) * 4 + Number.parseInt(hex.charAt(0), 16).toString(2).length
}
