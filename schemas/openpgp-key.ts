/**
 * Public keys as OpenPGP writes them (RFC 9580): as bytes or as text (armor), and their fingerprints. Nothing is verified:
 * what a key is trusted for is decided by who gives its fingerprint. Hosts need no gpg for it.
 */
import { createHash } from 'node:crypto'

export interface PublicKeys {
  /** Without armor; several blocks of text become one row of keys. */
  readonly bytes: Uint8Array
  /** Of the primary keys, in capital hexadecimal. */
  readonly fingerprints: readonly string[]
}

interface Packet {
  readonly tag: number
  readonly body: Uint8Array
}

const publicKey = 6
const secretKeys = [5, 7]
/** What certificates are made of: signatures, keys, user ids and attributes, trust, markers and padding. */
const expected = [2, publicKey, 10, 12, 13, 14, 17, 21]

/** @throws Error that says why these are no public keys */
export function readPublicKeys(given: Uint8Array): PublicKeys {
  const bytes = isArmored(given) ? dearmor(new TextDecoder().decode(given)) : given
  const packets = readPackets(bytes)
  if (packets.some(({ tag }) => secretKeys.includes(tag))) throw new Error('there is a secret key in it')
  const stray = packets.find(({ tag }) => !expected.includes(tag))
  if (stray !== undefined) throw new Error(`a packet of type ${stray.tag} has no place in a key`)
  if (packets[0]?.tag !== publicKey) throw new Error('it does not begin with a public key')
  const fingerprints = packets.filter(({ tag }) => tag === publicKey).map(({ body }) => fingerprintOf(body))
  return { bytes, fingerprints }
}

/** As fingerprints are compared: without spaces, in capitals. */
export function plainFingerprint(fingerprint: string): string {
  return fingerprint.replaceAll(' ', '').toUpperCase()
}

/** Keys as text. */
export function armorPublicKeys(bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `${['-----BEGIN PGP PUBLIC KEY BLOCK-----', '', ...lines, `=${checksum(bytes)}`, '-----END PGP PUBLIC KEY BLOCK-----'].join('\n')}\n`
}

/** The first byte of a packet has its highest bit set, which no text has. */
function isArmored(given: Uint8Array): boolean {
  return ((given[0] ?? 0) & 0x80) === 0 || given[0] === 0xef
}

function dearmor(text: string): Uint8Array {
  const block = /^-----BEGIN PGP ([A-Z ]+)-----[ \t]*\r?\n([\s\S]*?)^-----END PGP \1-----/gm
  const blocks = [...text.matchAll(block)]
  if (blocks.length === 0)
    throw new Error('there is no "-----BEGIN PGP PUBLIC KEY BLOCK-----" with an end in it')
  return Buffer.concat(blocks.map(([, kind = '', body = '']) => decodeBlock(kind, body)))
}

function decodeBlock(kind: string, body: string): Uint8Array {
  if (kind !== 'PUBLIC KEY BLOCK') throw new Error(`there is a ${kind.toLowerCase()} in it`)
  const lines = body.split('\n').map((line) => line.trim())
  // Headers, such as "Comment:", end with an empty line.
  const start = lines.indexOf('') + 1
  const sum = lines.find((line, at) => at >= start && /^=[A-Za-z0-9+/]{4}$/.test(line))
  const base64 = lines
    .slice(start)
    .filter((line) => line !== sum)
    .join('')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw new Error('its text is not base64')
  const bytes = Buffer.from(base64, 'base64')
  if (sum !== undefined && sum.slice(1) !== checksum(bytes)) throw new Error('its checksum does not fit')
  return bytes
}

/** CRC-24 of RFC 9580, 6.1.1, in base64. */
function checksum(bytes: Uint8Array): string {
  let crc = 0xb704ce
  for (const byte of bytes) {
    crc ^= byte << 16
    for (let bit = 0; bit < 8; bit++) {
      crc <<= 1
      if ((crc & 0x1000000) !== 0) crc ^= 0x1864cfb
    }
  }
  return Buffer.from([crc >> 16, crc >> 8, crc]).toString('base64')
}

function readPackets(bytes: Uint8Array): readonly Packet[] {
  const packets: Packet[] = []
  for (let at = 0; at < bytes.length; ) {
    const { tag, start, length } = readHeader(bytes, at)
    if (start + length > bytes.length) throw new Error('it is cut off')
    packets.push({ tag, body: bytes.subarray(start, start + length) })
    at = start + length
  }
  return packets
}

interface Header {
  readonly tag: number
  /** Where the body starts. */
  readonly start: number
  readonly length: number
}

/** RFC 9580, 4.2. */
function readHeader(bytes: Uint8Array, at: number): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const first = bytes[at] ?? 0
  if ((first & 0x80) === 0) throw new Error('it is not in the format of OpenPGP')
  try {
    return (first & 0x40) === 0 ? oldHeader(view, at, first) : newHeader(view, at, first)
  } catch (cause) {
    if (cause instanceof RangeError) throw new Error('it is cut off', { cause })
    throw cause
  }
}

function oldHeader(view: DataView, at: number, first: number): Header {
  const tag = (first >> 2) & 0x0f
  switch (first & 3) {
    case 0:
      return { tag, start: at + 2, length: view.getUint8(at + 1) }
    case 1:
      return { tag, start: at + 3, length: view.getUint16(at + 1) }
    case 2:
      return { tag, start: at + 5, length: view.getUint32(at + 1) }
    default:
      throw new Error('a packet in it has no length')
  }
}

function newHeader(view: DataView, at: number, first: number): Header {
  const tag = first & 0x3f
  const octet = view.getUint8(at + 1)
  if (octet < 192) return { tag, start: at + 2, length: octet }
  if (octet < 224) return { tag, start: at + 3, length: ((octet - 192) << 8) + view.getUint8(at + 2) + 192 }
  if (octet === 255) return { tag, start: at + 6, length: view.getUint32(at + 2) }
  throw new Error('a packet in it comes in parts, which keys do not')
}

/** RFC 9580, 5.5.4. */
function fingerprintOf(body: Uint8Array): string {
  const version = body[0]
  if (version === 4) {
    const head = [0x99, body.length >> 8, body.length & 0xff]
    return createHash('sha1').update(Buffer.from(head)).update(body).digest('hex').toUpperCase()
  }
  if (version !== 6) throw new Error(`a key in it is of version ${version ?? 0}, where apt knows 4 and 6`)
  const head = Buffer.alloc(5)
  head[0] = 0x9b
  head.writeUInt32BE(body.length, 1)
  return createHash('sha256').update(head).update(body).digest('hex').toUpperCase()
}
