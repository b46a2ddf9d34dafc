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
  facts,
  type HostIdentity,
  startTestServer,
  type TestServer,
} from '../http/test-server.ts'
import type { HostView } from '../http/view.ts'
import { setPerson } from '../people.ts'
import { listAudit } from '../store/audit.ts'

const launcher = join(import.meta.dirname, '..', '..', 'bin', 'rekindle')
const people = { olga: 'operator', vera: 'viewer' } as const
const password = 'a-long-password-1'

let dir: string
let server: TestServer
let host: HostIdentity

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-hold-'))
  mkdirSync(join(dir, 'site'))
  writeSite(10)
  const dataDir = join(dir, 'data')
  server = await startTestServer({
    config: { dataDir, site: join(dir, 'site') },
    compiler: createCompiler({ stageDir: join(dataDir, 'site') }),
  })
  for (const [name, role] of Object.entries(people))
    await setPerson(server.context, { name, role, password, by: 'test' })
  host = await enrolHost(server, 'web-1')
  expect(await ask()).toMatchObject({ status: 200 })
})
afterEach(async () => {
  await server.dispose()
  rmSync(dir, { recursive: true, force: true })
})

/** Its hosts have that many files. */
function writeSite(files: number, limit = ''): void {
  const text = `import { file, pool, role, site } from 'rekindle'
const web = role('web', () => {
  for (let n = 0; n < ${files}; n++) file('/srv/' + n, { content: '' })
})
export default site({ hosts: [{ match: 'web-*', role: web, pool: pool('front', { ${limit} }) }] })
`
  writeFileSync(join(dir, 'site', 'site.ts'), text)
}

async function serve(files: number, limit?: string): Promise<void> {
  writeSite(files, limit)
  await server.site.check('test')
}

const ask = (identity = host): Promise<Answer> =>
  call(server.agentUrl, {
    path: '/v1/catalog',
    ca: server.ca,
    identity,
    body: { facts: { ...facts, hostname: identity.host } },
  })

async function asPerson(name: keyof typeof people, path: string, body?: unknown): Promise<Answer> {
  const login = await call(server.pageUrl, { path: '/api/login', body: { name, password } })
  const cookie = login.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  return call(server.pageUrl, { path, body, headers: { cookie, origin: server.pageUrl } })
}

async function held(): Promise<HostView['heldChange']> {
  return (JSON.parse((await asPerson('vera', '/api/hosts/web-1')).text) as HostView).heldChange
}

const approve = (name: keyof typeof people, evidence: string) =>
  asPerson(name, '/api/hosts/web-1/approve', { evidence })

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

const audited = () =>
  listAudit(server.context.db, 20)
    .filter(({ action }) => action.startsWith('change.'))
    .map(({ actor, action, target, detail }) => [actor, action, target, detail])
    .toReversed()

it('a catalog that leaves out too much waits, the host stays on the one that it has, and a person signs it off', async () => {
  await serve(4)
  for (const _ of [1, 2]) {
    expect(await ask()).toMatchObject({
      status: 422,
      json: {
        code: 'change-held',
        title:
          'Cannot hand out the new catalog of host "web-1": it leaves out 6 of 10 resources, more than 50 %',
        kept: 'the last good catalog',
        hint: 'If that is meant, sign it off on the page of the host, or with: rekindle approve web-1',
      },
    })
  }
  const waiting = await held()
  expect(waiting).toMatchObject({ resources: 10, dropped: [4, 5, 6, 7, 8, 9].map((n) => `file:/srv/${n}`) })
  const { evidence = '' } = waiting ?? {}
  expect(await approve('vera', evidence)).toMatchObject({ status: 403 })
  expect(await approve('olga', 'f'.repeat(64))).toMatchObject({ status: 409 })
  expect(await approve('olga', evidence)).toMatchObject({ status: 200 })
  expect(await approve('olga', evidence)).toMatchObject({ status: 409 })
  expect(await held()).toBeNull()
  expect(await ask()).toMatchObject({ status: 200 })
  expect(audited()).toEqual([
    ['server', 'change.held', 'host:web-1', 'it leaves out 6 of 10 resources, more than 50 %'],
    ['user:olga', 'change.approved', 'host:web-1', '6 of 10 resources are left out'],
  ])
})

it('what was approved is that change alone', async () => {
  await serve(4)
  await ask()
  await approve('olga', (await held())?.evidence ?? '')
  await serve(3)
  expect(await ask()).toMatchObject({ status: 422 })
  expect(await held()).toMatchObject({ dropped: expect.arrayContaining(['file:/srv/3']) })
  await serve(4)
  expect(await ask()).toMatchObject({ status: 422 })
})

it('a site that is mended in time leaves nothing waiting', async () => {
  await serve(4)
  await ask()
  await serve(9)
  expect(await ask()).toMatchObject({ status: 200 })
  expect(await held()).toBeNull()
})

it('the pool says how much may go, and a new life of a host starts with what there is', async () => {
  await serve(4, 'maxDropPercent: 60')
  expect(await ask()).toMatchObject({ status: 200 })
  await serve(10)
  await ask()
  await serve(0)
  expect(await ask()).toMatchObject({ status: 422 })
  expect(await ask(await enrolHost(server, 'web-1'))).toMatchObject({ status: 200 })
})

it('rekindle approve lists what waits, with all that goes, and signs it off', async () => {
  expect((await rekindle('approve')).text).toBe('No change waits for approval\n')
  await serve(4)
  await ask()
  const listed = await rekindle('approve')
  expect(listed.text).toMatch(
    /^web-1: revision [0-9a-f]{12} leaves out 6 of 10 resources\n {2}file:\/srv\/4\n/,
  )
  expect(await rekindle('approve', 'web-2')).toMatchObject({
    code: 1,
    text: expect.stringContaining(
      'Cannot approve the catalog of host "web-2": no change of its catalog waits',
    ),
  })
  expect(await rekindle('approve', '--all')).toEqual({
    code: 0,
    text: 'web-1: its next request is answered without 6 of 10 resources\n',
  })
  expect(await ask()).toMatchObject({ status: 200 })
})
