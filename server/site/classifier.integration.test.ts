import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ServerConfig } from '../../schemas/generated/types.ts'
import { createCompiler } from '../compiler/compiler.ts'
import {
  type Answer,
  call,
  enrolHost,
  facts,
  type HostIdentity,
  startTestServer,
  type TestServer,
} from '../http/test-server.ts'
import { listAudit } from '../store/audit.ts'

const site = `import { file, host, role, site } from 'rekindle'
const motd = (text: string) => file('/etc/motd', { content: text + ' ' + (host.attributes.rack ?? 'no rack') })
const gold = role('gold', () => motd('gold'))
const plain = role('plain', () => motd('plain'))
export default site({ hosts: [
  { match: '*', when: { 'host.attributes.tier': 'gold' }, role: gold },
  { match: '*', role: plain },
] })
`

let dir: string
let now: number
let server: TestServer | undefined
let http: Server | undefined

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-classifier-'))
  now = Date.now()
  mkdirSync(join(dir, 'site'))
  writeFileSync(join(dir, 'site', 'site.ts'), site)
})
afterEach(async () => {
  await server?.dispose()
  server = undefined
  http?.close()
  http = undefined
  rmSync(dir, { recursive: true, force: true })
})

async function start(classifier: ServerConfig['classifier']): Promise<TestServer> {
  const dataDir = join(dir, 'data')
  server = await startTestServer({
    config: { dataDir, site: join(dir, 'site'), ...(classifier && { classifier }) },
    compiler: createCompiler({ stageDir: join(dataDir, 'site') }),
    now: () => now,
  })
  return server
}

/** A classifier that says that. */
function program(script: string): string {
  const path = join(dir, 'classify')
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
  return path
}

const says = (attributes: Record<string, string>) =>
  program(`echo '${JSON.stringify({ attributes })}'; echo "$1" >> ${join(dir, 'asked')}`)

async function ask({ agentUrl, ca }: TestServer, identity: HostIdentity): Promise<Answer> {
  const body = { facts: { ...facts, hostname: identity.host } }
  return call(agentUrl, { path: '/v1/catalog', ca, identity, body })
}

async function roleOf(of: TestServer, identity: HostIdentity): Promise<unknown> {
  const { status, text, json } = await ask(of, identity)
  if (status !== 200) return json.title
  const { payload } = JSON.parse(text) as { payload: string }
  const { role } = JSON.parse(payload) as { role: string }
  return role
}

it('a program says what a host is, and is asked again when its answer has held long enough', async () => {
  const running = await start({ program: [says({ tier: 'gold' })], everySeconds: 60 })
  const host = await enrolHost(running, 'web-1')
  expect(await roleOf(running, host)).toBe('gold')
  says({ tier: 'tin' })
  now += 59_000
  expect(await roleOf(running, host)).toBe('gold')
  now += 1_000
  expect(await roleOf(running, host)).toBe('plain')
  expect(
    listAudit(running.context.db, 20)
      .filter(({ action }) => action === 'host.classified')
      .map(({ actor, target, detail }) => [actor, target, detail]),
  ).toEqual([
    ['classifier', 'host:web-1', 'tier=tin'],
    ['classifier', 'host:web-1', 'tier=gold'],
  ])
})

it('its word goes before the join token’s, and what it does not say stays the token’s', async () => {
  const running = await start({ program: [says({ tier: 'gold' })] })
  const host = await enrolHost(running, 'web-1', { tier: 'tin', rack: 'r7' })
  expect(await roleOf(running, host)).toBe('gold')
  const [catalog] = running.context.db.prepare('SELECT bytes FROM blob').all() as { bytes: Uint8Array }[]
  expect(Buffer.from(catalog?.bytes ?? []).toString()).toBe('gold r7')
})

it.each([
  ['ends badly', 'echo no database >&2; exit 3', /classify ended with 3: no database$/],
  ['says no JSON', 'echo hello', /its answer is no JSON: "hello\\n"$/],
  ['says what is none', `echo '{"attributes":{"Tier":1}}'`, /Cannot read the classifier’s answer.*Tier/s],
  ['says more than that', `echo '{"attributes":{},"roles":[]}'`, /roles/],
  ['hangs', 'exec sleep 60', /classify: it took more than 1 s$/],
])(
  'a classifier that %s gives no host another role, and one that it never named no catalog',
  async (_, script, why) => {
    const path = says({ tier: 'gold' })
    const running = await start({ program: [path], everySeconds: 0, timeoutSeconds: 1 })
    const [known, unknown] = [await enrolHost(running, 'web-1'), await enrolHost(running, 'web-2')]
    expect(await roleOf(running, known)).toBe('gold')
    program(script)
    expect(await roleOf(running, known)).toBe('gold')
    const refused = await ask(running, unknown)
    expect(refused).toMatchObject({ status: 503, json: { code: 'catalog-unavailable' } })
    expect(refused.json.title).toMatch(/^Cannot tell what host "web-2" is: the classifier has never said: /)
    expect(refused.json.title).toMatch(why)
    says({ tier: 'tin' })
    expect(await roleOf(running, unknown)).toBe('plain')
  },
)

it('what it said holds when the server starts again and it does not answer', async () => {
  const path = says({ tier: 'gold' })
  const first = await start({ program: [path] })
  const host = await enrolHost(first, 'web-1')
  expect(await roleOf(first, host)).toBe('gold')
  await first.close()
  program('exit 1')
  const second = await start({ program: [path] })
  expect(await roleOf(second, host)).toBe('gold')
})

it('an HTTP address is asked with the host’s name and the token, and a redirect is not followed', async () => {
  const asked: unknown[] = []
  http = createServer(({ url, headers }, response) => {
    asked.push([url, headers.authorization, headers.accept])
    if (url === '/hosts/web-2') return response.writeHead(302, { location: '/hosts/web-1' }).end()
    if (url === '/hosts/web-3') return response.writeHead(404).end()
    return response.end(JSON.stringify({ attributes: { tier: 'gold' } }))
  })
  const listening = http
  await new Promise<void>((done) => listening.listen(0, '127.0.0.1', done))
  // listen() on TCP gives an address.
  const { port } = http.address() as AddressInfo
  writeFileSync(join(dir, 'token'), 'classified-1\n')
  const address = `http://127.0.0.1:${port}/hosts`
  const running = await start({ url: `${address}/{host}`, tokenFile: join(dir, 'token') })
  const hosts = [
    await enrolHost(running, 'web-1'),
    await enrolHost(running, 'web-2'),
    await enrolHost(running, 'web-3'),
  ]
  const told: unknown[] = []
  for (const host of hosts) told.push(await roleOf(running, host))
  expect(told).toEqual([
    'gold',
    expect.stringMatching(/web-2: unexpected redirect$/),
    `Cannot tell what host "web-3" is: the classifier has never said: ${address}/web-3 answered 404`,
  ])
  expect(asked).toEqual(
    ['web-1', 'web-2', 'web-3'].map((name) => [`/hosts/${name}`, 'Bearer classified-1', 'application/json']),
  )
})
