/** Certificates of services over mutual TLS: who gets them, who does not, and what they are no good for. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { Agent } from 'node:https'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import 'reflect-metadata'
import {
  PemConverter,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { CertificateParams } from '../../../schemas/generated/types.ts'
import { revoke } from '../../ca/revoke.ts'
import { listAudit } from '../../store/audit.ts'
import { currentIncarnation } from '../../store/incarnation.ts'
import {
  call,
  createKnownCompiler,
  enrolHost,
  facts,
  type HostIdentity,
  manifest,
  startTestServer,
  type TestServer,
} from '../test-server.ts'

const resource = 'certificate:/etc/ssl/www.pem'
let server: TestServer
let web1: HostIdentity
let web2: HostIdentity
let revisions = 1
/** What each host's catalog declares at `resource`, beside its name and 127.0.0.1. */
let params: CertificateParams = { issuer: 'rekindle', usage: ['server', 'client'] }

const namesOf = (host: string) => [`${host}.example.org`, '127.0.0.1']

beforeAll(async () => {
  const knownCompiler = createKnownCompiler()
  const compile = knownCompiler.compile.bind(knownCompiler)
  knownCompiler.compile = async (host, known) => {
    const compiled = await compile(host, known)
    const { catalog } = compiled
    const added = {
      id: resource,
      type: 'certificate',
      title: '/etc/ssl/www.pem',
      params: { ...params, names: namesOf(host) },
      where: 'role/web.ts:5',
    }
    return { ...compiled, catalog: { ...catalog, resources: [...catalog.resources, added] } }
  }
  server = await startTestServer({ knownCompiler })
  web1 = await enrolHost(server, 'web-1')
  web2 = await enrolHost(server, 'web-2')
  for (const host of [web1, web2]) await fetchCatalog(host)
})
afterAll(() => server.dispose())

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

async function keyed(names: readonly string[]): Promise<{ key: string; csr: string }> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const san = new SubjectAlternativeNameExtension(
    names.map((value) => ({ type: value === '127.0.0.1' ? 'ip' : 'dns', value })),
  )
  const csr = await Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: algorithm,
    extensions: [san],
  })
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { key: PemConverter.encode(pkcs8, 'PRIVATE KEY'), csr: csr.toString('pem') }
}

const ask = (identity: Pick<HostIdentity, 'key' | 'certificate'> | undefined, path: string, body?: unknown) =>
  call(server.agentUrl, { path, ca: server.ca, identity, ...(body === undefined ? {} : { body }) })
const fetchCatalog = (identity: Pick<HostIdentity, 'key' | 'certificate'>) =>
  ask(identity, '/v1/catalog', { facts })
const issue = async (identity: HostIdentity | undefined, names: readonly string[], id = resource) =>
  ask(identity, '/v1/service-certificate', { resource: id, csr: (await keyed(names)).csr })
const lastAudit = (action: string) =>
  listAudit(server.context.db, 1000).find((entry) => entry.action === action)

async function issued(identity: HostIdentity) {
  const { key, csr } = await keyed(namesOf(identity.host))
  const { status, text, json } = await ask(identity, '/v1/service-certificate', { resource, csr })
  expect(status, text).toBe(200)
  const { certificate, serial, authority } = json
  return {
    key,
    certificate: String(certificate),
    serial: String(serial),
    authority: String(authority),
  }
}

async function release(declared: CertificateParams): Promise<void> {
  params = declared
  revisions += 1
  server.compiler.site = { ok: true, revision: `revision-${revisions}`, manifest }
  await server.site.check('test')
}

/** What a client that trusts `ca` makes of a service with that certificate: undefined, or the error's code. */
async function verdict(service: { key: string; certificate: string }, ca: string): Promise<unknown> {
  const listener = createServer({ key: service.key, cert: service.certificate }, (socket) => socket.end())
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const socket = connect({ port, host: '127.0.0.1', ca })
  try {
    await once(socket, 'secureConnect')
    return undefined
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  } finally {
    socket.destroy()
    listener.close()
  }
}

describe('a host', () => {
  it('gets what its own catalog declares, and the audit log has the serial', async () => {
    const got = await issued(web1)
    expect(new X509Certificate(got.certificate).checkHost('web-1.example.org')).toBe('web-1.example.org')
    expect(lastAudit('service-certificate.issued')).toMatchObject({
      actor: 'host:web-1',
      target: 'host:web-1',
      detail: expect.stringContaining(`serial ${got.serial}`),
    })
    expect(lastAudit('service-certificate.issued')?.detail).toContain('for web-1.example.org, 127.0.0.1')
    expect((await ask(undefined, '/v1/service-ca')).text.trim()).toBe(got.authority.trim())
    expect(await verdict(got, got.authority)).toBeUndefined()
  })

  it.each([
    ['another host’s names', namesOf('web-1'), resource],
    ['names that no catalog has', ['bank.example.org'], resource],
    ['another host’s names beside its own', [...namesOf('web-2'), ...namesOf('web-1')], resource],
    ['a resource that its catalog has not', namesOf('web-2'), 'certificate:/etc/ssl/other.pem'],
  ])('does not get %s, and that is audited', async (_what, names, id) => {
    const answer = await issue(web2, names, id)
    expect([answer.status, answer.json.code]).toEqual([403, 'forbidden'])
    expect(lastAudit('service-certificate.refused')).toMatchObject({ actor: 'host:web-2' })
  })

  it.each([
    ['no certificate request', { resource, csr: 'nonsense' }, 400, 'csr-invalid'],
    ['no resource of the type', { resource: 'file:/etc/motd', csr: 'x' }, 400, 'bad-request'],
    ['more than it may', { resource, csr: 'x'.repeat(70_000) }, 413, 'bad-request'],
  ])('that sends %s is told so', async (_what, body, status, code) => {
    const answer = await ask(web1, '/v1/service-certificate', body)
    expect([answer.status, answer.json.code]).toEqual([status, code])
  })

  it('that was handed no catalog gets none', async () => {
    const fresh = await enrolHost(server, 'web-3')
    expect((await issue(fresh, namesOf('web-3'))).json.code).toBe('forbidden')
    await fetchCatalog(fresh)
    expect((await issue(fresh, namesOf('web-3'))).status).toBe(200)
  })

  it('that was handed a newer catalog gets no more what an older one had', async () => {
    const before = params
    try {
      await release({ selfSigned: true })
      expect((await issue(web1, namesOf('web-1'))).status).toBe(200)
      await fetchCatalog(web1)
      expect((await issue(web1, namesOf('web-1'))).json.code).toBe('forbidden')
    } finally {
      await release(before)
      await fetchCatalog(web1)
    }
  })

  it('that was revoked gets none, nor does a stranger', async () => {
    const lost = await enrolHost(server, 'web-4')
    await fetchCatalog(lost)
    expect((await issue(lost, namesOf('web-4'))).status).toBe(200)
    const incarnation = currentIncarnation(server.context.db, 'web-4')
    revoke(server.context, incarnation?.id ?? 0, { by: 'user:admin', reason: 'stolen' })
    const refused = await issue(lost, namesOf('web-4'))
    expect([refused.status, refused.json.code]).toEqual([403, 'certificate-revoked'])
    expect((await issue(undefined, namesOf('web-1'))).status).toBe(401)
  })

  it('that asks without end is slowed down', async () => {
    const busy = await enrolHost(server, 'web-5')
    await fetchCatalog(busy)
    const agent = new Agent({ keepAlive: true, maxSockets: 4 })
    const body = { resource, csr: 'nonsense' }
    const answers = await Promise.all(
      Array.from({ length: 201 }, () =>
        call(server.agentUrl, {
          path: '/v1/service-certificate',
          ca: server.ca,
          identity: busy,
          agent,
          body,
        }),
      ),
    )
    agent.destroy()
    expect(answers.filter(({ json }) => json.code === 'rate-limited')).toHaveLength(1)
    expect((await issue(web2, namesOf('web-2'))).status).toBe(200)
  })
})

describe('a service’s certificate', () => {
  it('is no agent’s, though it is good for clients', async () => {
    const got = await issued(web1)
    expect(new X509Certificate(got.certificate).keyUsage).toContain('1.3.6.1.5.5.7.3.2')
    for (const answer of [
      await fetchCatalog(got),
      await ask(got, '/v1/renew', { csr: (await keyed([])).csr }),
      await ask(got, '/v1/service-certificate', { resource, csr: (await keyed(namesOf('web-1'))).csr }),
    ]) {
      expect([answer.status, answer.json.code]).toEqual([401, 'certificate-unknown'])
      expect(answer.json.title).toContain('another authority')
    }
    const url = new URL('/v1/socket', server.agentUrl.replace('https', 'wss'))
    const ws = new WebSocket(url, { ca: server.ca, key: got.key, cert: got.certificate })
    const [, response] = await once(ws, 'unexpected-response')
    expect(response.statusCode).toBe(401)
  })

  it('is no agent’s even with the agent’s key', async () => {
    const san = new SubjectAlternativeNameExtension(
      namesOf('web-1').map((value) => ({ type: value === '127.0.0.1' ? 'ip' : 'dns', value })),
    )
    const pkcs8 = PemConverter.decodeFirst(web1.key)
    const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign'])
    const spki = new X509Certificate(web1.certificate).publicKey.export({ format: 'der', type: 'spki' })
    const publicKey = await crypto.subtle.importKey('spki', spki, algorithm, true, ['verify'])
    const csr = await Pkcs10CertificateRequestGenerator.create({
      keys: { privateKey, publicKey },
      signingAlgorithm: algorithm,
      extensions: [san],
    })
    const { json } = await ask(web1, '/v1/service-certificate', { resource, csr: csr.toString('pem') })
    const certificate = String(json.certificate)
    expect(new X509Certificate(certificate).checkPrivateKey(createPrivateKey(web1.key))).toBe(true)
    const answer = await fetchCatalog({ key: web1.key, certificate })
    expect([answer.status, answer.json.code]).toEqual([401, 'certificate-unknown'])
    expect((await fetchCatalog(web1)).status).toBe(200)
  })

  it('is not taken by an agent for its server’s, whatever it is for', async () => {
    const got = await issued(web1)
    // Also when it brings its authority along.
    const withChain = { ...got, certificate: `${got.certificate}${got.authority}` }
    expect(await verdict(withChain, server.ca)).toBe('SELF_SIGNED_CERT_IN_CHAIN')
    expect(await verdict(got, server.ca)).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  })
})
