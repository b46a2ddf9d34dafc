import { createPublicKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { Agent } from 'node:https'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { open as openEnvelope } from '../../../schemas/envelope.ts'
import { RekindleError } from '../../../schemas/errors.ts'
import type { Catalog, Envelope } from '../../../schemas/generated/types.ts'
import { sha256 } from '../../../schemas/hash.ts'
import { mintJoinToken } from '../../ca/join.ts'
import { revoke } from '../../ca/revoke.ts'
import { listAudit } from '../../store/audit.ts'
import { currentIncarnation, listIncarnations } from '../../store/incarnation.ts'
import { listReports } from '../../store/report.ts'
import {
  call,
  enrolHost,
  facts,
  type HostIdentity,
  makeReport,
  makeRequest,
  mintToken,
  startTestServer,
  type TestServer,
} from '../test-server.ts'

let server: TestServer
let web1: HostIdentity
let web2: HostIdentity
let now = Date.now()

beforeAll(async () => {
  server = await startTestServer({ now: () => now })
  web1 = await enrolHost(server, 'web-1')
  web2 = await enrolHost(server, 'web-2')
})
afterAll(() => server.dispose())

const ask = (
  identity: HostIdentity | undefined,
  path: string,
  rest: Partial<Parameters<typeof call>[1]> = {},
) => call(server.agentUrl, { path, ca: server.ca, identity, ...rest })
const catalogOf = (identity: HostIdentity, headers: Record<string, string> = {}) =>
  ask(identity, '/v1/catalog', { body: { facts }, headers })
const enrolWith = (token: string, csr: string) => ask(undefined, '/v1/enrol', { body: { token, csr } })
const actions = () => listAudit(server.context.db, 1000)
const lastRefusal = (action: string) => actions().find((entry) => entry.action === action)

describe('enrolment', () => {
  it('gives a certificate whose subject is the token’s host, whatever the request claims', async () => {
    const { csr } = await makeRequest('db-1')
    const answer = await enrolWith(mintToken(server, 'web-9'), csr)
    const certificate = new X509Certificate(String(answer.json.certificate))
    expect(answer.json).toMatchObject({ host: 'web-9', incarnation: 1 })
    expect(certificate.subject).toBe('CN=web-9')
    expect(certificate.subjectAltName).toBe('URI:urn:rekindle:incarnation:web-9:1')
    expect(certificate.verify(new X509Certificate(server.ca).publicKey)).toBe(true)
    expect(certificate.ca).toBe(false)
  })

  it('refuses a token that nobody made, with the code on the audit log', async () => {
    const { csr } = await makeRequest()
    const answer = await enrolWith('x'.repeat(43), csr)
    expect([answer.status, answer.json.code]).toEqual([403, 'token-invalid'])
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(lastRefusal('enrol.refused')).toMatchObject({ actor: '127.0.0.1' })
    expect(lastRefusal('enrol.refused')?.detail).toContain('token-invalid')
  })

  it('refuses a token whose time is over', async () => {
    const token = mintToken(server, 'web-10', 60)
    const { csr } = await makeRequest()
    now += 61_000
    const answer = await enrolWith(token, csr)
    expect([answer.status, answer.json.code]).toEqual([403, 'token-expired'])
    expect(lastRefusal('enrol.refused')?.detail).toContain('token-expired')
    expect(listIncarnations(server.context.db, 'web-10', 1)[0]?.enrolledAt).toBeNull()
  })

  it('refuses a token that was used, for another key', async () => {
    const token = mintToken(server, 'web-11')
    expect((await enrolWith(token, (await makeRequest()).csr)).status).toBe(200)
    const again = await enrolWith(token, (await makeRequest()).csr)
    expect([again.status, again.json.code]).toEqual([403, 'token-used'])
    expect(lastRefusal('enrol.refused')?.detail).toContain('token-used')
  })

  it('answers the same key again until its certificate is used, since the first answer may be lost', async () => {
    const token = mintToken(server, 'web-12')
    const { key, csr } = await makeRequest()
    expect((await enrolWith(token, csr)).status).toBe(200)
    const retried = await enrolWith(token, csr)
    expect([retried.status, retried.json.host]).toEqual([200, 'web-12'])
    const identity = { ...web1, host: 'web-12', key, certificate: String(retried.json.certificate) }
    expect((await catalogOf(identity)).status).toBe(200)
    expect((await enrolWith(token, csr)).json.code).toBe('token-used')
  })

  it('gives two who race for one token one certificate', async () => {
    const token = mintToken(server, 'web-13')
    const requests = await Promise.all([makeRequest(), makeRequest(), makeRequest()])
    const answers = await Promise.all(requests.map(({ csr }) => enrolWith(token, csr)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403])
  })

  it.each([
    ['no request at all', 'nonsense'],
    [
      'a request in a PEM that is none',
      '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n',
    ],
  ])('refuses %s, and the token keeps its use', async (_name, csr) => {
    const token = mintToken(server, 'web-14')
    const refused = await enrolWith(token, csr)
    expect([refused.status, refused.json.code]).toEqual([400, 'csr-invalid'])
    expect((await enrolWith(token, (await makeRequest()).csr)).status).toBe(200)
  })

  it('refuses a request that was signed for another key', async () => {
    const { csr } = await makeRequest()
    const der = Buffer.from(csr.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
    // The last byte belongs to the signature.
    der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1)
    const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
    const answer = await enrolWith(mintToken(server, 'web-15'), forged)
    expect([answer.status, answer.json.code]).toEqual([400, 'csr-invalid'])
  })

  it('refuses a body that is too large', async () => {
    const answer = await enrolWith('x'.repeat(20_000), 'y')
    expect([answer.status, answer.json.code]).toEqual([413, 'bad-request'])
  })

  it('revokes the former incarnation when a join token’s incarnation takes the name over', async () => {
    const first = await enrolHost(server, 'web-16')
    expect((await catalogOf(first)).status).toBe(200)
    const second = await enrolHost(server, 'web-16')
    expect((await catalogOf(second)).status).toBe(200)
    expect((await catalogOf(first)).json.code).toBe('certificate-revoked')
    expect(second.incarnation).toBe(2)
  })
})

describe('identity', () => {
  it('refuses a client without a certificate', async () => {
    const answer = await ask(undefined, '/v1/catalog', { body: { facts } })
    expect([answer.status, answer.json.code]).toEqual([401, 'certificate-unknown'])
  })

  it('refuses a certificate of another authority, and says so on the audit log', async () => {
    const other = await startTestServer()
    try {
      const stranger = await enrolHost(other, 'web-1')
      const answer = await catalogOf(stranger)
      expect([answer.status, answer.json.code]).toEqual([401, 'certificate-unknown'])
      expect(answer.json.title).toContain('another authority')
      expect(lastRefusal('certificate.refused')?.detail).toContain('another authority')
    } finally {
      await other.dispose()
    }
  })

  it('refuses a revoked certificate at its next request, on the same server and the same connection', async () => {
    const host = await enrolHost(server, 'web-20')
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const askAgain = () => ask(host, '/v1/catalog', { body: { facts }, agent })
    expect((await askAgain()).status).toBe(200)
    const incarnation = currentIncarnation(server.context.db, 'web-20')
    revoke(server.context, incarnation?.id ?? 0, { by: 'user:admin', reason: 'stolen' })
    const answer = await askAgain()
    agent.destroy()
    expect([answer.status, answer.json.code]).toEqual([403, 'certificate-revoked'])
    expect(lastRefusal('certificate.refused')?.detail).toContain('certificate-revoked')
  })

  it('refuses a certificate whose time is over', async () => {
    const host = await enrolHost(server, 'web-21')
    const before = now
    now += 91 * 86_400_000
    try {
      expect((await catalogOf(host)).json.code).toBe('certificate-expired')
    } finally {
      now = before
    }
  })

  it('collapses a flood of equal refusals', async () => {
    const count = () => actions().filter(({ action }) => action === 'certificate.refused').length
    await ask(undefined, '/v1/blob/x')
    const before = count()
    for (let index = 0; index < 5; index += 1) await ask(undefined, '/v1/blob/x')
    expect(count()).toBe(before)
    now += 61_000
    await ask(undefined, '/v1/blob/x')
    expect(lastRefusal('certificate.refused')).toBeDefined()
    expect(actions().some(({ detail }) => detail?.startsWith('5 more: certificate-unknown'))).toBe(true)
  })
})

describe('renewal', () => {
  it('gives a new certificate, and ends the old one when the new one is first used', async () => {
    const old = await enrolHost(server, 'web-30')
    const { key, csr } = await makeRequest()
    const answer = await ask(old, '/v1/renew', { body: { csr } })
    expect(answer.status).toBe(200)
    expect((await catalogOf(old)).status).toBe(200)
    const renewed = { ...old, key, certificate: String(answer.json.certificate) }
    expect((await catalogOf(renewed)).status).toBe(200)
    expect((await catalogOf(old)).json.code).toBe('certificate-revoked')
  })
})

describe('catalogs', () => {
  it('hands each host its own signed catalog', async () => {
    const answer = await catalogOf(web1)
    const key = createPublicKey(
      String(
        (
          await ask(undefined, '/v1/enrol', {
            body: { token: mintToken(server, 'web-31'), csr: (await makeRequest()).csr },
          })
        ).json.catalogKey,
      ),
    )
    // The envelope is what this test is about: open() checks signature, hash, schema and addressee.
    const catalog = openEnvelope(JSON.parse(answer.text) as Envelope, key, 'web-1')
    expect(catalog.host).toBe('web-1')
    expect(answer.headers.etag).toBe(`"${JSON.parse(answer.text).hash}"`)
  })

  it('answers 304 to the catalog that the host has, without compiling again', async () => {
    const { headers } = await catalogOf(web1)
    const compiles = server.compiler.compiles
    const again = await catalogOf(web1, { 'if-none-match': String(headers.etag) })
    expect([again.status, again.text]).toEqual([304, ''])
    expect(server.compiler.compiles).toBe(compiles)
  })

  it('compiles again for other facts', async () => {
    await catalogOf(web1)
    const compiles = server.compiler.compiles
    const other = { ...facts, cpu: { ...facts.cpu, count: 8 } }
    expect((await ask(web1, '/v1/catalog', { body: { facts: other } })).status).toBe(200)
    expect(server.compiler.compiles).toBe(compiles + 1)
  })

  it('refuses facts that no schema allows', async () => {
    const answer = await ask(web1, '/v1/catalog', { body: { facts: { hostname: 1 } } })
    expect([answer.status, answer.json.code]).toEqual([400, 'bad-request'])
  })

  it('takes facts of an older agent, which lacks some, and of a newer one, which has others', async () => {
    const older = {
      hostname: 'web-1',
      os: { id: 'debian', family: 'debian', release: '12', codename: 'bookworm', arch: 'amd64' },
      kernel: { release: '6.1.0' },
      cpu: { count: 3 },
      memory: { totalMiB: 2048 },
      network: { address: '192.0.2.10', interfaces: { eth0: ['192.0.2.10'] } },
      virtual: 'kvm',
      agent: { version: '0.1.0' },
    }
    expect((await ask(web1, '/v1/catalog', { body: { facts: older } })).status).toBe(200)
    expect(server.compiler.asked?.facts).toMatchObject({
      cpu: { count: 3, cores: 0, model: '' },
      timezone: 'UTC',
      security: { selinux: 'disabled', apparmor: false },
      mounts: {},
    })
    const newer = {
      ...facts,
      cpu: { ...facts.cpu, quantum: true },
      disks: { sda: { sizeMiB: 7, model: 'x', rotational: false, wear: 3 } },
      weather: 'fine',
    }
    const answer = await ask(web1, '/v1/catalog', { body: { facts: newer, mood: 'good' } })
    expect(answer.status).toBe(200)
    const sda = { sizeMiB: 7, model: 'x', rotational: false }
    expect(server.compiler.asked?.facts).toEqual({ ...facts, disks: { sda } })
  })

  it('asks for the versions of packages once, and knows them by their hash from then on', async () => {
    const versions = { adduser: '3.134', nginx: '1.22.1-9' }
    const hash = sha256(JSON.stringify(versions))
    const withPackages = (identity: HostIdentity, packages: object) =>
      ask(identity, '/v1/catalog', { body: { facts, packages } })
    const unknown = await withPackages(web1, { hash })
    expect([unknown.status, unknown.json.code]).toEqual([409, 'packages-wanted'])
    expect(lastRefusal('catalog.refused')?.detail ?? '').not.toContain('packages')
    const wrong = await withPackages(web1, { hash: sha256('other'), versions })
    expect([wrong.status, wrong.json.code]).toEqual([400, 'bad-request'])
    expect((await withPackages(web1, { hash, versions })).status).toBe(200)
    expect(server.compiler.asked?.facts.packages).toEqual(versions)

    const compiles = server.compiler.compiles
    expect((await withPackages(web1, { hash })).status).toBe(200)
    expect(server.compiler.compiles).toBe(compiles)
    expect((await withPackages(web2, { hash })).status).toBe(200)
    expect(server.compiler.asked?.facts.packages).toEqual(versions)
    // A database that could not be read is no host without packages.
    expect(
      (await ask(web1, '/v1/catalog', { body: { facts: { ...facts, timezone: 'Asia/Tokyo' } } })).status,
    ).toBe(200)
    expect(server.compiler.asked?.facts.packages).toEqual(versions)
  })

  it('keeps what changes by itself from the compile', async () => {
    await catalogOf(web1)
    const compiles = server.compiler.compiles
    for (const uptimeSeconds of [1, 2]) {
      const vitals = { uptimeSeconds, load: [0.5], memoryFreeMiB: 1, swapFreeMiB: 0, mounts: {} }
      expect((await ask(web1, '/v1/catalog', { body: { facts, vitals } })).status).toBe(200)
    }
    expect(server.compiler.compiles).toBe(compiles)
  })

  it('compiles with what the token carried, whatever the host claims', async () => {
    const { key, csr } = await makeRequest('web-7')
    const { token } = mintJoinToken(server.context, {
      host: 'web-7',
      attributes: { role: 'front', rack: 'b4' },
      by: 'test',
    })
    const enrolled = await enrolWith(token, csr)
    const web7 = { host: 'web-7', key, csr, certificate: String(enrolled.json.certificate), incarnation: 1 }
    const claims = { ...facts, hostname: 'db-1', custom: { attributes: { role: 'db' }, incarnation: 9 } }
    expect(
      (await ask(web7, '/v1/catalog', { body: { facts: claims, attributes: { role: 'db' } } })).status,
    ).toBe(200)
    expect(server.compiler.asked?.life).toEqual({ incarnation: 1, attributes: { role: 'front', rack: 'b4' } })
    expect(lastRefusal('token.created')?.detail).toContain('attributes role=front rack=b4')
  })

  it('answers a compile that fails with 422 and its place, and keeps the host’s last good catalog', async () => {
    await catalogOf(web2)
    const before = currentIncarnation(server.context.db, 'web-2')?.catalogHash
    server.compiler.failure = new RekindleError({
      code: 'compile-failed',
      message: 'Cannot compile role "web": unknown parameter "ownr"',
      where: 'role/web.ts:7',
      kept: 'the last good catalog',
    })
    try {
      const answer = await ask(web2, '/v1/catalog', {
        body: { facts: { ...facts, cpu: { ...facts.cpu, count: 3 } } },
      })
      expect(answer.status).toBe(422)
      expect(answer.json).toMatchObject({ code: 'compile-failed', where: 'role/web.ts:7' })
      expect(lastRefusal('catalog.refused')).toMatchObject({ actor: 'host:web-2' })
      expect(lastRefusal('catalog.refused')?.detail).toContain('role/web.ts:7')
    } finally {
      server.compiler.failure = undefined
    }
    expect(currentIncarnation(server.context.db, 'web-2')?.catalogHash).toBe(before)
  })
})

describe('blobs', () => {
  const blobName = async (identity: HostIdentity): Promise<string> => {
    const { payload } = JSON.parse((await catalogOf(identity)).text) as Envelope
    const [resource] = (JSON.parse(payload) as Catalog).resources
    const params = resource?.params as { blob?: { sha256: string } } | undefined
    return params?.blob?.sha256 ?? 'no blob'
  }

  it('gives a host the content that its own catalog names', async () => {
    const name = await blobName(web1)
    const answer = await ask(web1, `/v1/blob/${name}`)
    expect([answer.status, answer.text, sha256(answer.text)]).toEqual([200, 'hello web-1\n', name])
  })

  it('refuses a blob of another host’s catalog', async () => {
    const name = await blobName(web1)
    await catalogOf(web2)
    const answer = await ask(web2, `/v1/blob/${name}`)
    expect([answer.status, answer.json.code]).toEqual([403, 'forbidden'])
    expect(lastRefusal('blob.refused')).toMatchObject({ actor: 'host:web-2', target: `blob:${name}` })
  })
})

describe('reports', () => {
  it('stores a report that is sent twice once, and acknowledges both', async () => {
    const report = makeReport('web-1')
    const first = await ask(web1, '/v1/report', { body: report })
    const second = await ask(web1, '/v1/report', { body: report })
    expect([first.status, second.status]).toEqual([200, 200])
    expect([first.json.stored, second.json.stored]).toEqual(['stored', 'known'])
    const stored = listReports(server.context.db, 'web-1', 100).filter(({ id }) => id === report.id)
    expect(stored.map(({ durationMs }) => durationMs)).toEqual([1500])
  })

  it('refuses a report for another host', async () => {
    const answer = await ask(web1, '/v1/report', { body: makeReport('web-2') })
    expect([answer.status, answer.json.code]).toEqual([403, 'forbidden'])
    expect(lastRefusal('report.refused')).toMatchObject({ actor: 'host:web-1', target: 'host:web-2' })
    expect(listReports(server.context.db, 'web-2', 10)).toEqual([])
  })

  it('refuses a report whose id is another host’s', async () => {
    const report = makeReport('web-1')
    await ask(web1, '/v1/report', { body: report })
    const answer = await ask(web2, '/v1/report', { body: { ...report, host: 'web-2' } })
    expect([answer.status, answer.json.code]).toEqual([409, 'conflict'])
  })

  it('does not move the newest state for a no-op run', async () => {
    const real = makeReport('web-1', { status: 'changed' })
    await ask(web1, '/v1/report', { body: real })
    await ask(web1, '/v1/report', { body: makeReport('web-1', { noop: true, status: 'pending' }) })
    expect(currentIncarnation(server.context.db, 'web-1')?.reportId).toBe(real.id)
  })
})

describe('the WebSocket', () => {
  const dial = (identity: HostIdentity | undefined) =>
    new WebSocket(new URL('/v1/socket', server.agentUrl.replace('https', 'wss')), {
      ca: server.ca,
      ...(identity === undefined ? {} : { key: identity.key, cert: identity.certificate }),
    })
  const hello = JSON.stringify({ type: 'hello', version: 1 })

  it('refuses a stranger with a problem', async () => {
    const ws = dial(undefined)
    const [, response] = await once(ws, 'unexpected-response')
    expect(response.statusCode).toBe(401)
  })

  it('pushes a run, passes progress on as a live event, and closes on request', async () => {
    const host = await enrolHost(server, 'web-40')
    const id = currentIncarnation(server.context.db, 'web-40')?.id ?? 0
    const ws = dial(host)
    await once(ws, 'open')
    ws.send(hello)
    const progress = Promise.withResolvers<unknown>()
    const unsubscribe = server.context.live.subscribe((event) => {
      if (event.type === 'progress') progress.resolve(event)
    })
    ws.send(JSON.stringify({ type: 'progress', done: 1, total: 3, resource: 'file:/etc/motd' }))
    expect(await progress.promise).toEqual({
      type: 'progress',
      host: 'web-40',
      progress: { done: 1, total: 3, resource: 'file:/etc/motd' },
    })
    unsubscribe()

    expect(server.hub.isConnected(id)).toBe(true)
    const pushed = once(ws, 'message')
    server.compiler.site = { ...server.compiler.site, revision: 'revision-2' }
    await server.site.check('test')
    expect(JSON.parse(String((await pushed)[0]))).toMatchObject({ type: 'run', trigger: 'push' })

    const closed = once(ws, 'close')
    server.hub.disconnect(id)
    await closed
    expect(server.hub.send(id, { type: 'run', trigger: 'manual', runId: 'x' })).toBe(false)
  })

  it('closes a connection that says what no schema allows', async () => {
    const ws = dial(web1)
    await once(ws, 'open')
    ws.send('{"type":"root"}')
    expect((await once(ws, 'close'))[0]).toBe(1008)
  })
})
