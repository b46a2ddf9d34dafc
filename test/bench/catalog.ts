/** How many catalogs a server hands out that it has at hand, and how many times it says 304, beside a bare Fastify route. */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastify from 'fastify'
import { loadAuthority } from '../../server/ca/authority.ts'
import { issueServerCertificate } from '../../server/ca/issue.ts'
import { createCompiler } from '../../server/compiler/compiler.ts'
import { call, enrolHost, facts, startTestServer } from '../../server/http/test-server.ts'
import { alternate, type Bench, type Figure, figure } from './figure.ts'
import type { Load, Loaded } from './load.ts'

const rounds = 5
const resources = 150

const siteSource = `
import { file, role, site } from 'rekindle'
const web = role('web', () => {
  for (let i = 0; i < ${resources}; i++) file('/srv/data-' + i, { content: 'static ' + i, owner: 'root', mode: '0644' })
})
export default site({ hosts: [{ match: '*', role: web }] })
`

type Target = Omit<Load, 'request' | 'durationMs' | 'connections'>

export const catalog: Bench = {
  ids: ['catalog.cached.rps', 'catalog.notmodified.rps'],
  about: `requests a second over HTTPS: a cached catalog of ${resources} resources, and 304, beside a bare Fastify route`,
  async run() {
    await using undo = new AsyncDisposableStack()
    const dir = mkdtempSync(join(tmpdir(), 'rekindle-bench-'))
    undo.defer(() => rmSync(dir, { recursive: true, force: true }))
    writeFileSync(join(dir, 'site.ts'), siteSource)
    const dataDir = mkdtempSync(join(tmpdir(), 'rekindle-bench-data-'))
    const compiler = createCompiler({ stageDir: join(dataDir, 'site') })
    const server = await startTestServer({ compiler, config: { dataDir, site: dir } })
    undo.defer(() => server.dispose())
    const identity = await enrolHost(server, 'web-1')
    const body = { facts: { ...facts, hostname: 'web-1' } }
    const known = { ca: server.ca, identity }
    const answer = await call(server.agentUrl, { ...known, path: '/v1/catalog', body })
    if (answer.status !== 200) throw new Error(`Cannot get a catalog: ${answer.text}`)
    const etag = String(answer.headers.etag)

    const authority = await loadAuthority(dataDir, Date.now(), server.context.random)
    const bare = await startBare(authority, { text: answer.text, etag })
    undo.defer(() => bare.close())
    const target = { ca: server.ca, key: identity.key, cert: identity.certificate }
    const own: Target = { ...target, port: Number(new URL(server.agentUrl).port) }
    const peer: Target = { ...target, port: bare.port }
    return [
      await measure('catalog.cached.rps', { own, peer, request: render(body), status: 200 }),
      await measure('catalog.notmodified.rps', { own, peer, request: render(body, etag), status: 304 }),
    ]
  },
}

/** The least that could answer the same: the same TLS, the same body read as JSON, the same bytes back. */
async function startBare(
  authority: Awaited<ReturnType<typeof loadAuthority>>,
  { text, etag }: { readonly text: string; readonly etag: string },
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const { cert, key } = await issueServerCertificate(authority, ['127.0.0.1'], Date.now())
  const app = fastify({
    https: { cert, key, ca: authority.pem, requestCert: true, rejectUnauthorized: false },
    forceCloseConnections: true,
  })
  app.post('/v1/catalog', (request, reply) => {
    reply.header('etag', etag)
    if (request.headers['if-none-match'] === etag) return reply.code(304).send()
    return reply.type('application/json').send(text)
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const [bound] = app.addresses()
  return { port: typeof bound === 'object' ? bound.port : 0, close: () => app.close() }
}

function render(body: object, etag?: string): string {
  const text = JSON.stringify(body)
  const head = [
    'POST /v1/catalog HTTP/1.1',
    'host: 127.0.0.1',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
    ...(etag === undefined ? [] : [`if-none-match: ${etag}`]),
  ]
  return `${head.join('\r\n')}\r\n\r\n${text}`
}

interface Duel {
  readonly own: Target
  readonly peer: Target
  readonly request: string
  readonly status: number
}

async function measure(id: string, { own, peer, request, status }: Duel): Promise<Figure> {
  const rps = async (target: Target) => {
    const loaded = await load({ ...target, request, connections: 8, durationMs: 2_000 })
    if (!loaded.status.startsWith(`HTTP/1.1 ${status}`)) throw new Error(`answered ${loaded.status}`)
    return loaded.rps
  }
  const { a, b } = await alternate(
    rounds,
    () => rps(own),
    () => rps(peer),
  )
  return figure({ id, unit: 'rps', reference: 'bare Fastify', samples: a, referenceSamples: b })
}

function load(what: Load): Promise<Loaded> {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'load.ts'))
    child.once('message', (loaded) => resolve(loaded as Loaded))
    child.once('exit', (code) => reject(new Error(`the load ended with ${code}`)))
    child.send(what)
  })
}
