import { randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import 'reflect-metadata'
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Authority, loadAuthority, newSerial } from './authority.ts'
import { issueHostCertificate, issueServerCertificate } from './issue.ts'
import { readRequest } from './request.ts'

const now = Date.parse('2026-01-01T00:00:00.000Z')
let dir: string
let authority: Authority

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-ca-'))
  authority = await loadAuthority(dir, now, randomBytes)
})
afterAll(() => rmSync(dir, { recursive: true }))

type Algorithm = RsaHashedKeyGenParams | EcKeyGenParams | { name: 'Ed25519' }
interface RsaHashedKeyGenParams {
  name: 'RSASSA-PKCS1-v1_5'
  hash: 'SHA-256'
  publicExponent: Uint8Array<ArrayBuffer>
  modulusLength: number
}
interface EcKeyGenParams {
  name: 'ECDSA'
  namedCurve: string
  hash: 'SHA-256'
}
const rsa = (modulusLength: number): Algorithm => ({
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength,
})
const ec = (namedCurve: string): Algorithm => ({ name: 'ECDSA', namedCurve, hash: 'SHA-256' })

async function requestFor(algorithm: Algorithm): Promise<string> {
  // The three shapes above are those that Web Crypto takes.
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=x',
    keys,
    signingAlgorithm: algorithm,
  })
  return request.toString('pem')
}

describe('readRequest()', () => {
  it.each([
    ['P-256', ec('P-256')],
    ['P-384', ec('P-384')],
    ['RSA with 2048 bits', rsa(2048)],
    ['Ed25519', { name: 'Ed25519' } as const],
  ])('takes a key of %s', async (_name, algorithm) => {
    const { hash, spki } = await readRequest(await requestFor(algorithm))
    expect(hash).toMatch(/^[0-9a-f]{64}$/)
    expect(spki.length).toBeGreaterThan(40)
  })

  it.each([
    ['RSA with 1024 bits', rsa(1024), /1024 bits/],
    ['P-521', ec('P-521'), /curve/],
  ])('refuses a key of %s', async (_name, algorithm, message) => {
    await expect(readRequest(await requestFor(algorithm))).rejects.toThrow(message)
  })
})

describe('loadAuthority()', () => {
  it('gives the same authority again, with keys that only their owner reads', async () => {
    const again = await loadAuthority(dir, now + 1000, randomBytes)
    expect(again.fingerprint).toBe(authority.fingerprint)
    expect(again.catalogPublicKey).toBe(authority.catalogPublicKey)
    for (const name of ['ca.key', 'catalog.key']) {
      expect(statSync(join(dir, 'ca', name)).mode & 0o777).toBe(0o600)
    }
  })

  it('starts anew from what a crash left half-made', async () => {
    const other = mkdtempSync(join(tmpdir(), 'rekindle-ca-'))
    mkdirSync(join(other, 'ca.new'))
    writeFileSync(join(other, 'ca.new', 'ca.key'), 'half a k')
    const made = await loadAuthority(other, now, randomBytes)
    expect(made.fingerprint).not.toBe(authority.fingerprint)
    expect(existsSync(join(other, 'ca.new'))).toBe(false)
    rmSync(other, { recursive: true })
  })

  it('refuses a folder that somebody damaged, rather than making another authority', async () => {
    const other = mkdtempSync(join(tmpdir(), 'rekindle-ca-'))
    mkdirSync(join(other, 'ca'))
    await expect(loadAuthority(other, now, randomBytes)).rejects.toThrow(
      /Cannot read the certificate authority/,
    )
    rmSync(other, { recursive: true })
  })
})

describe('certificates', () => {
  it('name the host and its incarnation, for clients only, for 90 days', async () => {
    const key = await readRequest(await requestFor(ec('P-256')))
    const issued = await issueHostCertificate(authority, { host: 'web-1', number: 3 }, key, now)
    const certificate = new X509Certificate(issued.pem)
    expect(certificate.subject).toBe('CN=web-1')
    expect(certificate.subjectAltName).toBe('URI:urn:rekindle:incarnation:web-1:3')
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
    expect(certificate.checkIssued(new X509Certificate(authority.pem))).toBe(true)
    expect(certificate.serialNumber.toLowerCase()).toBe(issued.serial)
    expect(certificate.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(issued.fingerprint)
    expect(certificate.validToDate).toEqual(new Date(issued.expiresAt))
    expect(issued.expiresAt - now).toBe(90 * 86_400_000)
  })

  it('of the server hold its names and addresses', async () => {
    const { cert, key } = await issueServerCertificate(authority, ['198.18.77.1', 'rekindle.example'], now)
    const certificate = new X509Certificate(cert)
    expect(certificate.checkIP('198.18.77.1')).toBe('198.18.77.1')
    expect(certificate.checkHost('rekindle.example')).toBe('rekindle.example')
    expect(certificate.checkHost('other.example')).toBeUndefined()
    expect(key).toContain('PRIVATE KEY')
  })

  it('have serials of 16 bytes that stay positive, whatever is drawn', () => {
    for (const byte of [0x00, 0x7f, 0x80, 0xff]) {
      const serial = newSerial((length) => Buffer.alloc(length, byte))
      expect(serial).toMatch(/^[4-7][0-9a-f]{31}$/)
    }
  })
})

it('readRequest() refuses a key of a kind that cannot sign', async () => {
  // X25519 cannot sign, so a request for it is made by hand: the public key is swapped in a good request's bytes.
  const swapped = Buffer.from(
    (await requestFor({ name: 'Ed25519' })).replaceAll(/-----[^-]+-----|\s/g, ''),
    'base64',
  )
  // The object identifiers 1.3.101.112 (Ed25519) and 1.3.101.110 (X25519) differ in their last byte.
  const at = swapped.indexOf(Buffer.from([0x06, 0x03, 0x2b, 0x65, 0x70]))
  swapped.writeUInt8(0x6e, at + 4)
  const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${swapped.toString('base64')}\n-----END CERTIFICATE REQUEST-----`
  await expect(readRequest(pem)).rejects.toThrow(/x25519/)
})
