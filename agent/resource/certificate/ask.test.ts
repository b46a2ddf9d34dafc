import { X509Certificate } from 'node:crypto'
import 'reflect-metadata'
import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '@peculiar/x509'
import { describe, expect, test } from 'vitest'
import { RekindleError } from '../../../schemas/errors.ts'
import type { ServiceCertificateRequest } from '../../../schemas/generated/types.ts'
import { createIssuer, type Issue } from '../../host/issuer.ts'
import { partialHost } from '../partial-host.ts'
import { askServer, isServerAway, knownAuthority } from './ask.ts'
import { issue as issueHere } from './issue.ts'
import { look, type WantedCertificate } from './state.ts'

const wanted: WantedCertificate = {
  id: 'certificate:/etc/ssl/www.pem',
  title: '/etc/ssl/www.pem',
  params: { names: ['www.example.org', '2001:DB8::7'], issuer: 'rekindle' },
  where: 'a.ts:1',
}
const pem = (
  await issueHere({
    ...{ names: ['a.org'], keyType: 'ec-p256', validDays: 30, now: Date.now(), authority: undefined },
  })
).certificate

function hostThat(issue: Issue | undefined) {
  const saved = new Map<string, string>()
  return partialHost({
    issuer: createIssuer(issue),
    notes: {
      read: (about) => saved.get(about),
      save: async (about, text) => void saved.set(about, text),
      remove: (about) => void saved.delete(about),
    },
  })
}

describe('askServer()', () => {
  test('asks for the names of the resource, with a key that stays here', async () => {
    let asked: ServiceCertificateRequest | undefined
    const host = hostThat(async (request) => {
      asked = request
      throw new RekindleError({ code: 'forbidden', message: 'no' })
    })
    await expect(askServer(host, wanted, { found: undefined })).rejects.toMatchObject({ code: 'forbidden' })
    expect(asked?.resource).toBe(wanted.id)
    expect(asked?.csr).not.toContain('PRIVATE')
    const request = new Pkcs10CertificateRequest(asked?.csr ?? '')
    expect(await request.verify()).toBe(true)
    const names = request.extensions
      .filter((one) => one instanceof SubjectAlternativeNameExtension)
      .flatMap(({ names: { items } }) => items)
    expect(names.map(({ type }) => type)).toEqual(['dns', 'ip'])
  })

  test('takes no certificate that is not for its key, and notes no authority', async () => {
    const host = hostThat(async () => ({ certificate: pem, serial: 'a'.repeat(32), authority: pem }))
    await expect(askServer(host, wanted, { found: undefined })).rejects.toMatchObject({
      code: 'apply-failed',
      message: expect.stringContaining('is not signed for its key'),
      kept: 'nothing was written',
    })
    expect(knownAuthority(host)).toBeUndefined()
  })

  test('says until when the certificate that is there holds, or that it has ended', async () => {
    const found = look(pem, { key: undefined, authority: undefined })
    const { validToDate } = new X509Certificate(pem)
    await expect(askServer(hostThat(undefined), wanted, { found })).rejects.toMatchObject({
      code: 'server-unreachable',
      where: 'a.ts:1',
      kept: expect.stringContaining(`it ends on ${validToDate.toISOString()}`),
    })
    const ended = found === undefined ? undefined : { ...found, endsAt: 0 }
    await expect(askServer(hostThat(undefined), wanted, { found: ended })).rejects.toMatchObject({
      kept: expect.stringContaining('it ended on 1970-01-01T00:00:00.000Z'),
    })
  })
})

test.each([
  ['there is none', undefined, undefined, true],
  ['nothing listens', { host: 'h', port: 1 }, 'ECONNREFUSED', true],
  ['it answers', { host: 'h', port: 1 }, undefined, false],
])('isServerAway() when %s', async (_title, server, failure, away) => {
  const host = partialHost({ reachability: { server, check: async () => failure } })
  expect(await isServerAway(host)).toBe(away)
})
