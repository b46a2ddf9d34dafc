import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { canonicalName } from '../../../schemas/certificate-name.ts'
import { issue } from './issue.ts'
import {
  alternativeNames,
  look,
  pathsOf,
  renewalOf,
  restOf,
  textsFor,
  type WantedCertificate,
} from './state.ts'

/** Made by openssl req -x509 of OpenSSL 3.0. */
const recorded = `-----BEGIN CERTIFICATE-----
MIIBzjCCAXSgAwIBAgIUV0jNTQIubEPDqW3NrRFs4iIH9JYwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPd3d3LmV4YW1wbGUub3JnMB4XDTI2MTEyMzE4MTA1N1oXDTM2
MTEyMDE4MTA1N1owGjEYMBYGA1UEAwwPd3d3LmV4YW1wbGUub3JnMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEJTvU6PR2YJw61jSxs7VMOMF5+zeU+w2lQXonqd8a
BYM60bmMVAIDxrIRid9muwiB89YJ8x8A8GvZ8EBJV4nvYKOBlzCBlDAdBgNVHQ4E
FgQUncMT/SahklS6wThVoLPSAx1wGF8wHwYDVR0jBBgwFoAUncMT/SahklS6wThV
oLPSAx1wGF8wDwYDVR0TAQH/BAUwAwEB/zBBBgNVHREEOjA4gg93d3cuZXhhbXBs
ZS5vcmeCDSouZXhhbXBsZS5vcmeHBMAAAgeHECABDbgAAAAAAAAAAAAAAAcwCgYI
KoZIzj0EAwIDSAAwRQIhAPAeO15iAGVSzI1Gw83ge7VicLf0bx399zn1jbRTCQqJ
AiAZ7ZSMekCmMZfRPUf5wbd8KPVpUF56yXFEPypNKg/KWg==
-----END CERTIFICATE-----
`
const dayMs = 86_400_000
const now = Date.parse('2026-11-24T00:00:00Z')

const wanted = (params: WantedCertificate['params'], title = '/etc/ssl/www.pem'): WantedCertificate => ({
  id: `certificate:${title}`,
  title,
  params,
  where: 'a.ts:1',
})

describe('look()', () => {
  test('has what a certificate of another tool says', () => {
    expect(look(recorded, { key: undefined, authority: undefined })).toEqual({
      pem: recorded,
      names: ['www.example.org', '*.example.org', '192.0.2.7', '2001:DB8:0:0:0:0:0:7'],
      keyType: 'ec-p256',
      usage: [],
      startsAt: Date.parse('2026-11-23T18:10:57Z'),
      endsAt: Date.parse('2036-11-20T18:10:57Z'),
      hasKey: false,
      isSigned: true,
    })
  })

  test.each([undefined, '', 'no certificate', recorded.replace('MII', 'xxx')])('has none in %j', (pem) => {
    expect(look(pem, { key: undefined, authority: undefined })).toBeUndefined()
  })

  test('tells whose key and whose signature it is', async () => {
    const asked = { names: ['a.org'], keyType: 'ec-p256', validDays: 30, now, authority: undefined } as const
    const [own, other] = [await issue(asked), await issue(asked)]
    expect(look(own.certificate, { key: own.key, authority: undefined })).toMatchObject({
      hasKey: true,
      isSigned: true,
    })
    expect(look(own.certificate, { key: other.key, authority: undefined })).toMatchObject({ hasKey: false })
    expect(look(own.certificate, { key: 'no key', authority: undefined })).toMatchObject({ hasKey: false })
    // The same subject, and another key.
    expect(look(own.certificate, { key: own.key, authority: other.certificate })).toMatchObject({
      isSigned: false,
    })
    expect(look(own.certificate, { key: own.key, authority: 'no certificate' })).toMatchObject({
      isSigned: false,
    })
  })
})

describe('renewalOf()', () => {
  const policy = { now, validDays: 90, renewBefore: 30 }
  const ends = (days: number, more: { startsAt?: number; authorityEndsAt?: number } = {}) =>
    renewalOf({ startsAt: now - dayMs, endsAt: now + days * dayMs, ...more }, policy)
  test.each([
    ['it is fresh', ends(90), undefined],
    ['it has just so many days left', ends(30), undefined],
    ['it has a day less', ends(29), 'valid until 2026-12-23T00:00:00.000Z'],
    ['it is over', ends(-1), 'valid until 2026-11-23T00:00:00.000Z'],
    ['it begins tomorrow', ends(90, { startsAt: now + dayMs }), 'valid from 2026-11-25T00:00:00.000Z'],
    ['it ends with its authority', ends(20, { authorityEndsAt: now + 20 * dayMs }), undefined],
    [
      'its authority lasts longer',
      ends(20, { authorityEndsAt: now + 40 * dayMs }),
      'valid until 2026-12-14T00:00:00.000Z',
    ],
    [
      'it is over, and its authority too',
      ends(-1, { authorityEndsAt: now - dayMs }),
      'valid until 2026-11-23T00:00:00.000Z',
    ],
  ])('when %s', (_title, found, renewal) => {
    expect(found).toBe(renewal)
  })
})

test.each([
  ['/etc/ssl/www.pem', {}, '/etc/ssl/www.key'],
  ['/etc/ssl/www.crt', {}, '/etc/ssl/www.key'],
  ['/etc/ssl/www', {}, '/etc/ssl/www.key'],
  ['/etc/ssl/www.pem', { keyPath: '/srv/k' }, '/srv/k'],
])('the key of %s with %j is at %s', (title, params, path) => {
  expect(pathsOf(wanted(params, title)).get('key')).toBe(path)
})

test('alternativeNames() and canonicalName() know names and addresses', () => {
  const names = alternativeNames('DNS:A.example.org, IP Address:2001:DB8:0:0:0:0:0:7, email:a@example.org')
  expect(names.map(canonicalName)).toEqual(['a.example.org', '2001:db8::7'])
})

test('chains are the authority, or the rest of what was given', () => {
  expect(restOf(`${recorded}\n${recorded}`)).toBe(recorded)
  expect(textsFor(`${recorded}${recorded}`, undefined)).toEqual({
    chain: recorded,
    fullchain: `${recorded}${recorded}`,
  })
  expect(textsFor(recorded, 'authority\n')).toEqual({
    chain: 'authority\n',
    fullchain: `${recorded}authority\n`,
  })
})

describe('issue()', () => {
  const asked = { names: ['a.org', '192.0.2.1'], keyType: 'ec-p256', validDays: 90, now } as const

  test.each(['ec-p256', 'ec-p384', 'rsa-2048'] as const)('makes %s', async (keyType) => {
    const { certificate, key } = await issue({ ...asked, keyType, authority: undefined })
    expect(look(certificate, { key, authority: undefined })).toMatchObject({
      keyType,
      hasKey: true,
      isSigned: true,
      names: ['a.org', '192.0.2.1'],
      endsAt: now + 90 * dayMs,
    })
  })

  test('refuses an authority that has ended, is none, or whose key is another', async () => {
    const leaf = await issue({ ...asked, authority: undefined })
    await expect(issue({ ...asked, authority: { cert: leaf.certificate, key: leaf.key } })).rejects.toThrow(
      'its certificate is not that of an authority',
    )
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const key = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    expect(new X509Certificate(recorded).ca).toBe(true)
    await expect(issue({ ...asked, authority: { cert: recorded, key } })).rejects.toThrow(
      'its key is not the one of its certificate',
    )
  })

  test('is signed by an authority, and ends with it', async () => {
    const { ca, key } = await authorityUntil(now + 20 * dayMs)
    const issued = await issue({ ...asked, authority: { cert: ca, key } })
    const found = look(issued.certificate, { key: issued.key, authority: ca })
    expect(found).toMatchObject({
      isSigned: true,
      endsAt: now + 20 * dayMs,
      authorityEndsAt: now + 20 * dayMs,
    })
    await expect(issue({ ...asked, now: now + 21 * dayMs, authority: { cert: ca, key } })).rejects.toThrow(
      'it ended on 2026-12-14T00:00:00.000Z',
    )
  })
})

async function authorityUntil(endsAt: number) {
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify'])
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Authority, O=Test',
    notBefore: new Date(now - dayMs),
    notAfter: new Date(endsAt),
    keys,
    signingAlgorithm,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  })
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { ca: `${ca.toString('pem')}\n`, key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') }
}
