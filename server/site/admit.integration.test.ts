/** Revisions whose change a policy of the site wants approved, or refuses: a real server, and real compiles. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createCompiler } from '../compiler/compiler.ts'
import {
  type Answer,
  call,
  enrolHost,
  type HostIdentity,
  startTestServer,
  type TestServer,
} from '../http/test-server.ts'
import type { SiteView } from '../http/view.ts'
import { setPerson } from '../people.ts'
import { listAudit } from '../store/audit.ts'
import { motdOf } from './git/repository.fixture.ts'

const launcher = join(import.meta.dirname, '..', '..', 'bin', 'rekindle')
const password = 'a-long-password-1'

let dir: string
let server: TestServer
let hosts: readonly HostIdentity[]

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-admit-'))
  mkdirSync(join(dir, 'site'))
  writeSite('one')
  await start()
  for (const [name, role] of Object.entries({ olga: 'operator', vera: 'viewer' } as const))
    await setPerson(server.context, { name, role, password, by: 'test' })
  hosts = [await enrolHost(server, 'web-1'), await enrolHost(server, 'web-2')]
  expect(await motds()).toEqual(['one', 'one'])
})
afterEach(async () => {
  await server.dispose()
  rmSync(dir, { recursive: true, force: true })
})

async function start(): Promise<void> {
  const dataDir = join(dir, 'data')
  server = await startTestServer({
    config: { dataDir, site: join(dir, 'site') },
    compiler: createCompiler({ stageDir: join(dataDir, 'site') }),
  })
}

const parts = "{ level: 'approve', pool: 'web', maxShare: 0.5 }"

function writeSite(motd: string, policy = parts, also = ''): void {
  const text = `import { changePolicy, file, host, role, site } from 'rekindle'
const web = role('web', () => {
  file('/etc/motd', { content: ${also} ${JSON.stringify(motd)} })
})
const parts = changePolicy('web by parts', ${policy})
export default site({ hosts: [{ match: 'web-*', role: web }], policies: [parts] })
`
  writeFileSync(join(dir, 'site', 'site.ts'), text)
}

async function serve(...site: Parameters<typeof writeSite>): Promise<SiteView> {
  writeSite(...site)
  return server.site.check('test')
}

const motds = () => Promise.all(hosts.map((host) => motdOf(server, host)))

async function approve(name: string, evidence: string): Promise<Answer> {
  const login = await call(server.pageUrl, { path: '/api/login', body: { name, password } })
  const cookie = login.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  const headers = { cookie, origin: server.pageUrl }
  return call(server.pageUrl, { path: '/api/site/approve', body: { evidence }, headers })
}

function rekindle(...argv: readonly string[]): Promise<{ code: number | null; text: string }> {
  const config = join(dir, 'server.json')
  writeFileSync(config, JSON.stringify(server.config))
  return new Promise((done) => {
    const child = spawn(launcher, [...argv, '--config', config])
    let text = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => {
        text += data
      })
    child.on('close', (code) => done({ code, text }))
  })
}

const message =
  'Policy "web by parts" wants approval: 2 of 2 hosts of pool "web" would change, more than 50 %'
const audited = () =>
  listAudit(server.context.db, 20)
    .filter(({ action }) => /^(?:change|site)\./.test(action))
    .map(({ actor, action, target }) => `${actor} ${action} ${target}`)
    .toReversed()

it('a revision that changes too many hosts waits, the last one stays served, and a person approves it', async () => {
  const before = server.site.revision()
  const { refused, revision } = await serve('two')
  expect(revision).toBe(before)
  expect(refused).toMatchObject({
    approval: expect.stringMatching(/^[0-9a-f]{64}$/),
    problems: [{ message, where: 'site.ts:5', hint: null }],
  })
  expect(await motds()).toEqual(['one', 'one'])
  const evidence = refused?.approval ?? ''
  expect((await server.site.check('user:olga')).refused).toMatchObject({ approval: evidence })
  expect(await approve('vera', evidence)).toMatchObject({ status: 403 })
  expect(await approve('olga', 'f'.repeat(64))).toMatchObject({ status: 409 })
  expect(await approve('olga', evidence)).toMatchObject({
    status: 200,
    json: { revision: refused?.revision, refused: null },
  })
  expect(await motds()).toEqual(['two', 'two'])
  expect(await approve('olga', evidence)).toMatchObject({ status: 409 })
  expect(audited()).toEqual([
    'server site.activated site',
    'test change.held site',
    'user:olga change.approved site',
    'user:olga site.activated site',
  ])
})

it('what keeps to the limit is served at once, and so is what is mended', async () => {
  const one = "host.name === 'web-1' ? 'other' :"
  expect((await serve('one', parts, one)).refused).toBeNull()
  expect(await motds()).toEqual(['other', 'one'])
  expect((await serve('two')).refused).not.toBeNull()
  expect((await serve('one')).refused).toBeNull()
  expect(await rekindle('approve')).toEqual({ code: 0, text: 'No change waits for approval\n' })
})

it('what was approved is that change alone', async () => {
  const first = (await serve('two')).refused?.approval ?? ''
  const second = (await serve('three')).refused?.approval ?? ''
  expect(second).not.toBe(first)
  expect(await approve('olga', first)).toMatchObject({ status: 409 })
  expect(await motds()).toEqual(['one', 'one'])
})

it('a policy that refuses leaves nothing to approve, and one that warns is shown', async () => {
  expect((await serve('two', "{ level: 'refuse', maxShare: 0 }")).refused).toMatchObject({
    approval: null,
    problems: [{ message: expect.stringContaining('Policy "web by parts" refuses: 2 of 2 hosts') }],
  })
  expect(await motds()).toEqual(['one', 'one'])
  const warned = {
    refused: null,
    warnings: [{ message: 'Policy "web by parts" warns: 2 of 2 hosts would change, more than 0 %' }],
  }
  expect(await serve('two', "{ level: 'warn', maxShare: 0 }")).toMatchObject(warned)
  // Looked at again, it is no change any more.
  expect(await server.site.check('test')).toMatchObject(warned)
})

it('waits on through a restart, and is approved on the command line', async () => {
  const { refused } = await serve('two')
  const revision = refused?.revision ?? ''
  await server.close()
  await start()
  expect(server.site.view().refused).toMatchObject({ revision, approval: refused?.approval })
  expect(await motds()).toEqual(['one', 'one'])
  expect((await rekindle('approve')).text).toBe(`site: revision ${revision}\n  ${message}\n`)
  expect(await rekindle('approve', '--revision', 'none')).toMatchObject({
    code: 1,
    text: expect.stringContaining('Cannot approve revision "none": it does not wait'),
  })
  expect(await rekindle('approve', '--revision', revision)).toEqual({
    code: 0,
    text: `site: revision ${revision} is served in a moment\n`,
  })
  // Nobody asks: the server finds the word that another process wrote.
  await expect.poll(() => server.site.revision(), { timeout: 20_000 }).toBe(revision)
  expect(await motds()).toEqual(['two', 'two'])
})
