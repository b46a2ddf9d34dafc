import { createPublicKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import 'reflect-metadata'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Catalog, CertificateParams } from '../../schemas/generated/types.ts'
import { type Issuer, loadAuthority } from './authority.ts'
import { readServiceRequest } from './request.ts'
import { issueServiceCertificate, orderFor } from './service.ts'
import { loadServiceAuthority } from './service-authority.ts'

const now = Date.parse('2026-01-01T00:00:00.000Z')
const names = ['www.example.org', '*.example.org', '192.0.2.7', '2001:DB8::7']
const www = 'certificate:/etc/ssl/www.pem'
let dir: string
let authority: Issuer

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-ca-'))
  authority = await loadServiceAuthority(dir, now, randomBytes)
})
afterAll(() => rmSync(dir, { recursive: true }))

function catalogWith(params: CertificateParams, id = www, type = 'certificate'): Catalog {
  const resource = { id, type, title: '/etc/ssl/www.pem', params: { ...params }, where: 'role/web.ts:4' }
  return {
    version: 1,
    host: 'web-1',
    role: 'web',
    revision: 'revision-1',
    drift: 'rebuild',
    resources: [resource],
  }
}
const declared = catalogWith({ names, issuer: 'rekindle' })

interface Wish {
  readonly names?: readonly string[]
  readonly curve?: string
  readonly more?: readonly Extension[]
}

async function requestFor({ names: asked = names, curve = 'P-256', more = [] }: Wish = {}) {
  const algorithm = { name: 'ECDSA', namedCurve: curve, hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const san = new SubjectAlternativeNameExtension(
    asked.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? 'ip' : 'dns', value })),
  )
  const csr = await Pkcs10CertificateRequestGenerator.create({
    // Nobody believes it.
    name: 'CN=db-1',
    keys,
    signingAlgorithm: algorithm,
    extensions: [...(asked.length === 0 ? [] : [san]), ...more],
  })
  return readServiceRequest(csr.toString('pem'))
}

describe('orderFor()', () => {
  it.each<[string, Catalog | undefined, string, Wish, RegExp]>([
    ['a host that was handed no catalog', undefined, www, {}, /no such resource/],
    ['a resource that the catalog has not', declared, 'certificate:/etc/ssl/db.pem', {}, /no such resource/],
    [
      'a certificate that is signed on the host',
      catalogWith({ names, selfSigned: true }),
      www,
      {},
      /no such resource/,
    ],
    [
      'a certificate that is to be absent',
      catalogWith({ names, issuer: 'rekindle', ensure: 'absent' }),
      www,
      {},
      /no such resource/,
    ],
    [
      'a resource of another type with its id',
      catalogWith({ names, issuer: 'rekindle' }, www, 'file'),
      www,
      {},
      /no such resource/,
    ],
    ['one name more', declared, www, { names: [...names, 'db.example.org'] }, /asks for .*db\.example\.org/],
    ['another name', declared, www, { names: ['db.example.org'] }, /asks for "db\.example\.org"/],
    ['one name less', declared, www, { names: names.slice(1) }, /and the catalog has "www\.example\.org/],
    ['another address', declared, www, { names: [...names.slice(0, 3), '2001:db8::8'] }, /2001:db8::8/i],
    ['no names', declared, www, { names: [] }, /asks for ""/],
    ['a key of another kind', declared, www, { curve: 'P-384' }, /its key is ec-p384/],
    [
      'to be an authority',
      declared,
      www,
      { more: [new BasicConstraintsExtension(true, 0, true)] },
      /extension 2\.5\.29\.19/,
    ],
    [
      'to sign certificates',
      declared,
      www,
      { more: [new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true)] },
      /extension 2\.5\.29\.15/,
    ],
    [
      'an agent’s usage, which the catalog has not',
      declared,
      www,
      { more: [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])] },
      /usage 1\.3\.6\.1\.5\.5\.7\.3\.2/,
    ],
    [
      'a usage that no catalog has',
      declared,
      www,
      { more: [new ExtendedKeyUsageExtension([ExtendedKeyUsage.codeSigning])] },
      /usage 1\.3\.6\.1\.5\.5\.7\.3\.3/,
    ],
    [
      'an agent’s name, beside the names',
      declared,
      www,
      {
        more: [
          new SubjectAlternativeNameExtension([{ type: 'url', value: 'urn:rekindle:incarnation:web-2:1' }]),
        ],
      },
      /a name of type url/,
    ],
    [
      'an address of mail',
      declared,
      www,
      { more: [new SubjectAlternativeNameExtension([{ type: 'email', value: 'root@example.org' }])] },
      /a name of type email/,
    ],
  ])('refuses %s', async (_what, catalog, resource, wish, message) => {
    const request = await requestFor(wish)
    const refused = expect.objectContaining({ code: 'forbidden', message: expect.stringMatching(message) })
    expect(() => orderFor(catalog, resource, request)).toThrow(refused)
  })

  it('takes the names in any order and form, and the catalog’s days and usages', async () => {
    const request = await requestFor({ names: ['2001:db8:0::7', ...names.slice(0, 3)].toReversed() })
    const catalog = catalogWith({ names, issuer: 'rekindle', validDays: 7, usage: ['server', 'client'] })
    expect(orderFor(catalog, www, request)).toEqual({
      names,
      validDays: 7,
      usages: [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth],
    })
  })
})

it.each([
  ['no request', 'nonsense'],
  ['no PEM of one', '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n'],
])('readServiceRequest() refuses what is %s', async (_what, csr) => {
  await expect(readServiceRequest(csr)).rejects.toMatchObject({ code: 'csr-invalid' })
})

describe('issueServiceCertificate()', () => {
  const issueFor = async (more: CertificateParams = {}, at = now) => {
    const request = await requestFor()
    const order = orderFor(catalogWith({ names, issuer: 'rekindle', ...more }), www, request)
    return { request, ...(await issueServiceCertificate(authority, order, request, at)) }
  }

  it('signs the request’s key for the catalog’s names, as no authority, for servers only', async () => {
    const { request, certificate: pem, serial, expiresAt, authority: issuer } = await issueFor()
    const certificate = new X509Certificate(pem)
    expect(certificate.subject).toBe('CN=www.example.org')
    expect(certificate.subjectAltName).toBe(
      'DNS:www.example.org, DNS:*.example.org, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7',
    )
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
    expect(certificate.ca).toBe(false)
    expect(certificate.checkIssued(new X509Certificate(issuer))).toBe(true)
    expect(certificate.verify(new X509Certificate(issuer).publicKey)).toBe(true)
    expect(certificate.serialNumber.toLowerCase()).toBe(serial)
    expect(expiresAt - now).toBe(90 * 86_400_000)
    const key = createPublicKey({ key: request.spki, format: 'der', type: 'spki' })
    expect(certificate.publicKey.equals(key)).toBe(true)
  })

  it('is good for clients where the catalog says so, and ends with its authority at the latest', async () => {
    const { certificate } = await issueFor({ usage: ['client'], validDays: 7300 }, now + 86_400_000)
    expect(new X509Certificate(certificate).keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
    expect(new X509Certificate(certificate).validToDate).toEqual(authority.certificate.notAfter)
  })

  it('has no common name that is too long for one', async () => {
    const long = `${'a'.repeat(60)}.example.org`
    const request = await requestFor({ names: [long] })
    const order = orderFor(catalogWith({ names: [long], issuer: 'rekindle' }), www, request)
    const { certificate } = await issueServiceCertificate(authority, order, request, now)
    expect(new X509Certificate(certificate).subject).toBe('CN=Rekindle service')
  })
})

describe('loadServiceAuthority()', () => {
  it('gives the same one again, with a key that only its owner reads', async () => {
    expect((await loadServiceAuthority(dir, now + 1000, randomBytes)).pem).toBe(authority.pem)
    expect(statSync(join(dir, 'service-ca', 'ca.key')).mode & 0o777).toBe(0o600)
  })

  it('is not the agents’ authority, and not below it', async () => {
    const agents = await loadAuthority(dir, now, randomBytes)
    const [own, other] = [new X509Certificate(authority.pem), new X509Certificate(agents.pem)]
    expect([own.checkIssued(other), own.verify(other.publicKey), own.checkIssued(own)]).toEqual([
      false,
      false,
      true,
    ])
  })
})
