import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { sha256 } from '../../schemas/hash.ts'
import { builtInFacts } from '../facts/built-in.ts'
import { type Client, createClient } from './client.ts'
import { enrol, fetchCa, makeKeyRequest } from './enrol.ts'
import { type Identity, isRenewalDue } from './identity.ts'
import { openSocket, type Socket } from './socket.ts'
import {
  createAuthority,
  problem,
  type Routes,
  startServer,
  type TestAuthority,
  type TestServer,
} from './testing/server.ts'

const token = 'a-token-of-some-length'
const routes: Routes = {}
let authority: TestAuthority
let server: TestServer
let identity: Identity
let client: Client
const facts = builtInFacts()
const word = { facts, packages: undefined }

beforeAll(async () => {
  authority = await createAuthority()
  routes['GET /v1/ca'] = () => ({ status: 200, body: authority.ca })
  routes['POST /v1/enrol'] = async ({ body }) => {
    const { csr, token: given } = JSON.parse(body) as { csr: string; token: string }
    if (given !== token) return problem(403, 'token-invalid', 'no such token')
    const certificate = await authority.sign(csr, 'web-1')
    return {
      status: 200,
      body: JSON.stringify({ host: 'web-1', incarnation: 2, certificate, catalogKey: 'PEM' }),
    }
  }
  server = await startServer(authority, routes)
  const request = await makeKeyRequest('some-host')
  identity = await enrol(server.url, await fetchCa(server.url, authority.fingerprint), { token, request })
  client = createClient({ server: server.url, identity })
})
afterAll(async () => {
  client.close()
  await server.close()
})

describe('enrol()', () => {
  it('gets a certificate for a key made here, and is known by it from then on', async () => {
    expect(identity).toMatchObject({ host: 'web-1', incarnation: 2, ca: `${authority.ca.trim()}\n` })
    let known: string | undefined
    routes['POST /v1/report'] = ({ client: name }) => {
      known = name
      return { status: 204 }
    }
    await client.sendReport('{}')
    expect(known).toBe('web-1')
  })

  it('says what the server has against a token', async () => {
    const request = await makeKeyRequest('x')
    await expect(enrol(server.url, authority.ca, { token: 'another-one', request })).rejects.toMatchObject({
      code: 'token-invalid',
      message: 'Cannot enrol: the server refused: no such token',
    })
  })

  it('fetchCa() trusts no authority but the one with the fingerprint', async () => {
    const found = authority.fingerprint
    await expect(fetchCa(server.url, '0'.repeat(64))).rejects.toMatchObject({ code: 'ca-mismatch', found })
  })

  it('sends no token to a server of another authority', async () => {
    let asked = 0
    const other = await startServer(await createAuthority(), { 'POST /v1/enrol': () => void asked++ })
    const request = await makeKeyRequest('x')
    await expect(enrol(other.url, authority.ca, { token, request })).rejects.toMatchObject({
      code: 'ca-mismatch',
    })
    expect(asked).toBe(0)
    await other.close()
  })

  it('isRenewalDue() is true past half of a certificate’s life', async () => {
    const { csr } = await makeKeyRequest('x')
    const [young, old] = [await authority.sign(csr, 'x', 49), await authority.sign(csr, 'x', 51)]
    expect([young, old].map((certificate) => isRenewalDue(certificate, Date.now()))).toEqual([false, true])
  })
})

describe('createClient()', () => {
  it('gets a certificate for a service, refuses an answer that has none, and says why the server refuses', async () => {
    const wish = { resource: 'certificate:/etc/ssl/www.pem', csr: 'PEM' }
    const answer = { certificate: 'C', serial: 'a'.repeat(32), authority: 'A' }
    let sent = ''
    routes['POST /v1/service-certificate'] = ({ body }) => {
      sent = body
      return { status: 200, body: JSON.stringify(answer) }
    }
    expect(await client.issue(wish)).toEqual(answer)
    expect(JSON.parse(sent)).toEqual(wish)
    routes['POST /v1/service-certificate'] = () => ({ status: 200, body: '{"certificate":"C"}' })
    await expect(client.issue(wish)).rejects.toMatchObject({ code: 'bad-request' })
    routes['POST /v1/service-certificate'] = () => problem(403, 'forbidden', 'not yours')
    await expect(client.issue(wish)).rejects.toMatchObject({
      code: 'forbidden',
      message: 'Cannot issue certificate:/etc/ssl/www.pem: the server refused: not yours',
    })
  })

  it('asks for a catalog with the hash that it has, and takes 304 as unchanged', async () => {
    let etag: unknown
    let sent = ''
    routes['POST /v1/catalog'] = ({ headers, body }) => {
      etag = headers['if-none-match']
      sent = body
      return { status: 304 }
    }
    expect(await client.fetchCatalog(word, 'abc')).toBe('unchanged')
    expect(etag).toBe('"abc"')
    expect(JSON.parse(sent)).toEqual({ facts })
  })

  it('tells the hash of its packages, and their versions when the server does not have them', async () => {
    const packages = { nginx: '1.22.1-9', adduser: '3.134' }
    const sent: unknown[] = []
    routes['POST /v1/catalog'] = ({ body }) => {
      const told = JSON.parse(body).packages
      sent.push(told)
      return told.versions === undefined ? problem(409, 'packages-wanted', 'not known') : { status: 304 }
    }
    expect(await client.fetchCatalog({ facts, packages }, 'abc')).toBe('unchanged')
    const hash = sha256('{"adduser":"3.134","nginx":"1.22.1-9"}')
    expect(sent).toEqual([{ hash }, { hash, versions: packages }])
  })

  it('gives an envelope, and refuses what is none', async () => {
    const envelope = { payload: '{}', hash: 'a'.repeat(64), signature: 's' }
    routes['POST /v1/catalog'] = () => ({ status: 200, body: JSON.stringify(envelope) })
    expect(await client.fetchCatalog(word, undefined)).toEqual(envelope)
    routes['POST /v1/catalog'] = () => ({ status: 200, body: '{"payload":1}' })
    await expect(client.fetchCatalog(word, undefined)).rejects.toMatchObject({ code: 'catalog-invalid' })
  })

  it('gives a blob in pieces, and a refusal as an error', async () => {
    const [good, bad] = [sha256('content'), sha256('other')]
    routes[`GET /v1/blob/${good}`] = () => ({ status: 200, body: 'content' })
    routes[`GET /v1/blob/${bad}`] = () => problem(404, 'blob-missing', 'no such content')
    expect(Buffer.concat(await Array.fromAsync(await client.fetchBlob(good))).toString()).toBe('content')
    await expect(client.fetchBlob(bad)).rejects.toMatchObject({ code: 'blob-missing' })
  })

  it('waits no longer for a blob than the server may be silent', async () => {
    const quick = createClient({ server: server.url, identity, timeoutMs: 100 })
    const name = sha256('silent')
    routes[`GET /v1/blob/${name}`] = () => undefined
    await expect(quick.fetchBlob(name)).rejects.toMatchObject({ code: 'server-unreachable' })
    quick.close()
  })

  it('calls a server that is silent, answers nonsense or is gone unreachable', async () => {
    const quick = createClient({ server: server.url, identity, timeoutMs: 100 })
    routes['POST /v1/report'] = () => undefined
    await expect(quick.sendReport('{}')).rejects.toMatchObject({
      code: 'server-unreachable',
      message: expect.stringContaining('did not answer in 0.1 s'),
    })
    quick.close()
    routes['POST /v1/report'] = () => ({ status: 502, body: '<html>bad gateway</html>' })
    await expect(client.sendReport('{}')).rejects.toMatchObject({ code: 'server-unreachable' })
    const gone = await startServer(authority, {})
    await gone.close()
    const lost = createClient({ server: gone.url, identity })
    await expect(lost.sendReport('{}')).rejects.toMatchObject({ code: 'server-unreachable' })
    lost.close()
  })
})

describe('openSocket()', () => {
  let socket: Socket | undefined
  let lines: WebSocketServer | undefined
  afterEach(() => {
    socket?.close()
    lines?.close()
    for (const line of lines?.clients ?? []) line.terminate()
    server.https.removeAllListeners('upgrade')
  })

  const serve = (options: { autoPong?: boolean } = {}) => {
    lines = new WebSocketServer({ server: server.https, path: '/v1/socket', ...options })
    return lines
  }
  const open = (more: Partial<Parameters<typeof openSocket>[0]> = {}) => {
    socket = openSocket({
      server: server.url,
      identity,
      onMessage: () => {},
      backoff: { baseMs: 5, maxMs: 10 },
      ...more,
    })
    return socket
  }

  it('says hello first, gives requests to run, and passes over what it does not understand', async () => {
    const listening = serve()
    const received = Promise.withResolvers<unknown>()
    open({ onMessage: received.resolve })
    const [line] = await once(listening, 'connection')
    expect(JSON.parse(String((await once(line, 'message'))[0]))).toEqual({ type: 'hello', version: 1 })
    line.send('nonsense')
    line.send('{"type":"news"}')
    line.send(JSON.stringify({ type: 'run', trigger: 'prove', runId: 'p1' }))
    expect(await received.promise).toEqual({ type: 'run', trigger: 'prove', runId: 'p1' })
  })

  it('comes back after the line is lost', async () => {
    const listening = serve()
    const told: string[] = []
    open({ onUp: () => told.push('up'), onDown: () => told.push('down') })
    const [line] = await once(listening, 'connection')
    line.terminate()
    const [second] = await once(listening, 'connection')
    await once(second, 'message')
    expect(told).toEqual(['up', 'down', 'up'])
  })

  it('gives up a line on which no pong comes back', async () => {
    serve({ autoPong: false })
    const down = Promise.withResolvers<string>()
    open({ pingMs: 20, onDown: down.resolve })
    expect(await down.promise).toContain('closed')
  })
})
