/**
 * The server's own certificate authority and its catalog key, in `<dataDir>/ca`: made at the first start, as a whole
 * or not at all. Keys have mode 0600 and never leave the folder.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  webcrypto,
} from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import 'reflect-metadata'
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { RekindleError } from '../../schemas/errors.ts'
import { sha256 } from '../../schemas/hash.ts'

export const signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const lifetimeMs = 20 * 365 * 86_400_000

/** What signs certificates. */
export interface Issuer {
  readonly certificate: X509Certificate
  /** PEM of the certificate. */
  readonly pem: string
  readonly key: webcrypto.CryptoKey
}

export interface Authority extends Issuer {
  /** SHA-256 of the certificate (DER), hex: what agents are told to trust. */
  readonly fingerprint: string
  /** Ed25519; signs catalogs. */
  readonly catalogKey: KeyObject
  /** PEM (SPKI) of the public half of `catalogKey`. */
  readonly catalogPublicKey: string
}

/** Loads the authority in `<dataDir>/ca`, or makes it when there is none. */
export async function loadAuthority(
  dataDir: string,
  now: number,
  random: (bytes: number) => Buffer,
): Promise<Authority> {
  const dir = join(dataDir, 'ca')
  if (!existsSync(dir)) await makeAuthority(dir, now, random)
  try {
    return await readAuthority(dir)
  } catch (cause) {
    throw new RekindleError({
      code: 'config-invalid',
      message: `Cannot read the certificate authority in "${dir}"`,
      kept: 'the folder, untouched',
      hint: 'Restore it from a backup; a new authority means that every host has to enrol again',
      cause,
    })
  }
}

async function readAuthority(dir: string): Promise<Authority> {
  const issuer = await readIssuer(dir)
  const catalogKey = createPrivateKey(readFileSync(join(dir, 'catalog.key')))
  return {
    ...issuer,
    fingerprint: sha256(new Uint8Array(issuer.certificate.rawData)),
    catalogKey,
    catalogPublicKey: createPublicKey(catalogKey).export({ format: 'pem', type: 'spki' }).toString(),
  }
}

/** The certificate and the key in a folder that makeIssuer() made. */
export async function readIssuer(dir: string): Promise<Issuer> {
  const pem = readFileSync(join(dir, 'ca.pem'), 'utf8')
  const pkcs8 = PemConverter.decodeFirst(readFileSync(join(dir, 'ca.key'), 'utf8'))
  return {
    certificate: new X509Certificate(pem),
    pem,
    key: await webcrypto.subtle.importKey('pkcs8', pkcs8, signing, false, ['sign']),
  }
}

function makeAuthority(dir: string, now: number, random: (bytes: number) => Buffer): Promise<void> {
  const catalogKey = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' })
  const files = { 'catalog.key': catalogKey.toString() }
  return makeIssuer(dir, { name: 'Rekindle authority', now, random, files })
}

interface NewIssuer {
  readonly name: string
  readonly now: number
  readonly random: (bytes: number) => Buffer
  /** What else is kept in its folder, by name; readable by its owner alone. */
  readonly files?: Readonly<Record<string, string>>
}

/** Written beside, flushed, and moved into place, so that a crash leaves either no authority or a whole one. */
export async function makeIssuer(dir: string, { name, now, random, files = {} }: NewIssuer): Promise<void> {
  const draft = `${dir}.new`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { recursive: true, mode: 0o700 })
  const keys = await webcrypto.subtle.generateKey(signing, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(random),
    // The random part keeps two servers' authorities apart where a trust store is searched by name.
    name: [{ CN: [`${name} ${random(4).toString('hex')}`] }],
    notBefore: new Date(now - 3_600_000),
    notAfter: new Date(now + lifetimeMs),
    signingAlgorithm: signing,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  writeFlushed(join(draft, 'ca.key'), PemConverter.encode(key, 'PRIVATE KEY'), 0o600)
  for (const [file, text] of Object.entries(files)) writeFlushed(join(draft, file), text, 0o600)
  writeFlushed(join(draft, 'ca.pem'), certificate.toString('pem'), 0o644)
  renameSync(draft, dir)
}

function writeFlushed(path: string, text: string, mode: number): void {
  const handle = openSync(path, 'wx', mode)
  try {
    writeFileSync(handle, text.endsWith('\n') ? text : `${text}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** 128 random bits, positive (RFC 5280 section 4.1.2.2), lower-case hex. */
export function newSerial(random: (bytes: number) => Buffer): string {
  const bytes = random(16)
  // A leading byte of 0x40 to 0x7f: no sign bit, and no leading zero that DER would drop.
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0)
  return bytes.toString('hex')
}
