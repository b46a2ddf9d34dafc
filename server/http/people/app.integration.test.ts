import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { sha256 } from '../../../schemas/hash.ts'
import { checkConfig } from '../../config.ts'
import { createApiToken, setPerson } from '../../people.ts'
import { listAudit } from '../../store/audit.ts'
import {
  type Answer,
  call,
  enrolHost,
  facts,
  makeReport,
  startTestServer,
  type TestServer,
} from '../test-server.ts'
import type { AuditView, HostView, OverviewView, SiteView } from '../view.ts'

const passwords = { admin: 'admin-password-1', olga: 'operator-password-1', vera: 'viewer-password-1' }
let server: TestServer
let webDir: string
const cookies: Record<string, string> = {}
let now = Date.now()

beforeAll(async () => {
  webDir = mkdtempSync(join(tmpdir(), 'rekindle-web-'))
  writeFileSync(join(webDir, 'index.html'), '<!doctype html><title>page</title>')
  server = await startTestServer({ webDir, now: () => now })
  const { context } = server
  await setPerson(context, { name: 'admin', role: 'admin', password: passwords.admin, by: 'test' })
  await setPerson(context, { name: 'olga', role: 'operator', password: passwords.olga, by: 'test' })
  await setPerson(context, { name: 'vera', role: 'viewer', password: passwords.vera, by: 'test' })
  for (const [name, password] of Object.entries(passwords)) cookies[name] = await cookieOf(name, password)
})
afterAll(async () => {
  await server.dispose()
  rmSync(webDir, { recursive: true })
})

const login = (name: string, password: string, headers: Record<string, string> = {}) =>
  call(server.pageUrl, { path: '/api/login', body: { name, password }, headers })
async function cookieOf(name: string, password: string): Promise<string> {
  const answer = await login(name, password)
  return answer.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
}
const as = (name: string, path: string, rest: Partial<Parameters<typeof call>[1]> = {}): Promise<Answer> =>
  call(server.pageUrl, {
    path,
    ...rest,
    headers: { cookie: cookies[name] ?? '', origin: server.pageUrl, ...rest.headers },
  })
const post = (name: string, path: string, body: unknown = {}, headers: Record<string, string> = {}) =>
  as(name, path, { body, headers })
const read = async <Body>(path: string): Promise<Body> => JSON.parse((await as('vera', path)).text) as Body

describe('login', () => {
  it('sets a cookie that scripts and other sites cannot use', async () => {
    const answer = await login('vera', passwords.vera)
    expect(answer.json).toEqual({ name: 'vera', role: 'viewer' })
    expect(answer.headers['set-cookie']?.[0]).toMatch(
      /^rekindle_session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
    )
  })

  it.each([
    ['a wrong password', 'vera', 'wrong-password-1'],
    ['an unknown name', 'nobody', 'wrong-password-1'],
  ])('refuses %s in the same words', async (_what, name, password) => {
    const answer = await login(name, password)
    expect([answer.status, answer.json.title]).toEqual([401, 'Cannot log in: wrong name or password'])
    expect(listAudit(server.context.db, 5).map(({ action, target }) => [action, target])).toContainEqual([
      'login.refused',
      `user:${name}`,
    ])
  })

  it('refuses more than a few wrong passwords in a minute, and then also the right one', async () => {
    const own = await startTestServer({ now: () => now })
    try {
      const attempt = (password: string) =>
        call(own.pageUrl, { path: '/api/login', body: { name: 'admin', password } })
      const statuses: number[] = []
      for (let index = 0; index < 11; index += 1) statuses.push((await attempt('wrong')).status)
      expect(statuses).toEqual([...Array(10).fill(401), 429])
      expect((await attempt(own.initialPassword ?? '')).json.code).toBe('rate-limited')
      now += 61_000
      expect((await attempt(own.initialPassword ?? '')).status).toBe(200)
    } finally {
      await own.dispose()
    }
  })

  it('ends with the logout, and closes the session’s live events', async () => {
    const cookie = await cookieOf('vera', passwords.vera)
    const ws = new WebSocket(`${server.pageUrl.replace('http', 'ws')}/api/events`, {
      headers: { cookie, origin: server.pageUrl },
    })
    await once(ws, 'open')
    const closed = once(ws, 'close')
    await as('vera', '/api/logout', { method: 'POST', headers: { cookie } })
    expect((await closed)[0]).toBe(1008)
    expect((await as('vera', '/api/session', { headers: { cookie } })).status).toBe(401)
  })

  it('ends after twelve hours', async () => {
    const cookie = await cookieOf('vera', passwords.vera)
    const before = now
    now += 12 * 3_600_000 + 1
    try {
      expect((await as('vera', '/api/session', { headers: { cookie } })).status).toBe(401)
    } finally {
      now = before
    }
  })

  it('takes an API token in place of a cookie', async () => {
    const token = createApiToken(server.context, { person: 'olga', ttlMs: 60_000, by: 'test' })
    const headers = { authorization: `Bearer ${token}` }
    expect((await call(server.pageUrl, { path: '/api/session', headers })).json).toEqual({
      name: 'olga',
      role: 'operator',
    })
    expect((await call(server.pageUrl, { path: '/api/site/check', method: 'POST', headers })).status).toBe(
      200,
    )
    // An API token is no session: it may not stand in a cookie.
    const cookie = `rekindle_session=${token}`
    expect((await call(server.pageUrl, { path: '/api/session', headers: { cookie } })).status).toBe(401)
  })
})

describe('roles', () => {
  const routes: readonly (readonly [string, string, unknown, 'viewer' | 'operator' | 'admin'])[] = [
    ['GET', '/api/overview', undefined, 'viewer'],
    ['GET', '/api/hosts', undefined, 'viewer'],
    ['GET', '/api/drift', undefined, 'viewer'],
    ['GET', '/api/rebuilds', undefined, 'viewer'],
    ['GET', '/api/site', undefined, 'viewer'],
    ['GET', '/api/audit', undefined, 'viewer'],
    ['POST', '/api/site/check', {}, 'operator'],
    ['POST', '/api/hosts/web-1/run', {}, 'operator'],
    ['POST', '/api/hosts/web-1/rebuild', { reason: 'test' }, 'operator'],
    ['POST', '/api/rebuilds/x/resume', {}, 'operator'],
    ['POST', '/api/rebuilds/x/cancel', {}, 'operator'],
    ['POST', '/api/hosts', { name: 'web-7' }, 'admin'],
    ['POST', '/api/hosts/web-1/revoke', { reason: 'test' }, 'admin'],
    ['POST', '/api/tokens', { host: 'web-8' }, 'admin'],
    ['DELETE', '/api/hosts/web-6', undefined, 'admin'],
  ]
  const rank = { viewer: 0, operator: 1, admin: 2 }
  const people = { vera: 'viewer', olga: 'operator', admin: 'admin' } as const

  it.each(routes)('%s %s needs a login', async (method, path, body) => {
    const answer = await call(server.pageUrl, { path, method, body })
    expect([answer.status, answer.json.code]).toEqual([401, 'unauthorised'])
  })

  it.each(routes)('%s %s with %j is for a %s and above', async (method, path, body, least) => {
    for (const [name, role] of Object.entries(people)) {
      const answer = await as(name, path, { method, body })
      const isRefused = answer.status === 403 && answer.json.code === 'forbidden'
      expect([name, isRefused]).toEqual([name, rank[role] < rank[least]])
    }
  })

  it('puts a refused act on the audit log', async () => {
    await post('vera', '/api/tokens', { host: 'web-9' })
    const refused = listAudit(server.context.db, 100).filter(({ action }) => action === 'act.refused')
    expect(refused.map(({ actor, target }) => [actor, target])).toContainEqual([
      'user:vera',
      'POST /api/tokens',
    ])
  })
})

describe('requests from elsewhere', () => {
  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['a sandboxed page', { origin: 'null' }],
  ])('refuses an act from %s, cookie or not', async (_from, headers) => {
    const answer = await post('olga', '/api/site/check', {}, headers)
    expect([answer.status, answer.json.code]).toEqual([403, 'forbidden'])
  })

  it('refuses an act with a cookie and no origin', async () => {
    const headers = { cookie: cookies.olga ?? '' }
    const answer = await call(server.pageUrl, { path: '/api/site/check', body: {}, headers })
    expect([answer.status, answer.json.code]).toEqual([403, 'forbidden'])
  })

  it('refuses a body that is no JSON, which is what a form could send', async () => {
    const answer = await post('olga', '/api/site/check', {}, { 'content-type': 'text/plain' })
    expect([answer.status, answer.json.code]).toEqual([415, 'bad-request'])
  })

  it.each([
    ['no login', {}, 401],
    ['a page of another site', { origin: 'https://evil.example', cookie: true }, 403],
    ['no origin', { cookie: true }, 403],
  ])(
    'refuses live events with %s',
    async (_what, { cookie, ...headers }: Record<string, unknown>, status) => {
      const sent = {
        ...(headers as Record<string, string>),
        ...(cookie ? { cookie: cookies.vera ?? '' } : {}),
      }
      const ws = new WebSocket(`${server.pageUrl.replace('http', 'ws')}/api/events`, { headers: sent })
      const [, response] = await once(ws, 'unexpected-response')
      expect(response.statusCode).toBe(status)
    },
  )

  it('refuses to listen for people beyond this machine without TLS', () => {
    const config = { ...server.config, pageListen: '0.0.0.0:8141' }
    expect(() => checkConfig(config)).toThrow(/in the clear/)
    expect(checkConfig({ ...config, pageTls: true }).pageTls).toBe(true)
  })
})

describe('what people see', () => {
  it('follows a host from its token to its drift, and tells open pages', async () => {
    const events: string[] = []
    const ws = new WebSocket(`${server.pageUrl.replace('http', 'ws')}/api/events`, {
      headers: { cookie: cookies.vera ?? '', origin: server.pageUrl },
    })
    await once(ws, 'open')
    ws.on('message', (data) => events.push(JSON.parse(String(data)).type))

    const host = await enrolHost(server, 'web-1')
    expect((await read<HostView>('/api/hosts/web-1')).status).toBe('new')
    const packages = { adduser: '3.134' }
    const vitals = { uptimeSeconds: 60, load: [0.5], memoryFreeMiB: 1, swapFreeMiB: 0, mounts: {} }
    const factProblems = [{ fact: 'rack', source: '/etc/rekindle/facts.d/rack', reason: 'slow', kept: true }]
    const answer = await call(server.agentUrl, {
      path: '/v1/catalog',
      ca: server.ca,
      identity: host,
      body: {
        facts,
        packages: { hash: sha256(JSON.stringify(packages)), versions: packages },
        vitals,
        factProblems,
      },
    })
    const catalogHash = JSON.parse(answer.text).hash as string
    const drifted = makeReport('web-1', {
      catalogHash,
      status: 'drifted',
      resources: [
        {
          id: 'file:/etc/motd',
          where: 'role/web.ts:4',
          outcome: 'drifted',
          cause: 'drift',
          changes: [{ property: 'content', from: 'x', to: 'y', diff: '-x\n+y\n' }],
          durationMs: 3,
        },
      ],
    })
    const seen = once(ws, 'message')
    await call(server.agentUrl, { path: '/v1/report', ca: server.ca, identity: host, body: drifted })
    await seen

    const view = await read<HostView>('/api/hosts/web-1')
    expect(view).toMatchObject({
      name: 'web-1',
      role: 'web',
      pool: 'web',
      status: 'drifted',
      incarnation: 1,
      address: '127.0.0.1',
      openDrift: 1,
      revision: 'revision-1',
    })
    expect(view.resources).toEqual([{ id: 'file:/etc/motd', where: 'role/web.ts:4' }])
    expect(view.drift[0]).toMatchObject({ resource: 'file:/etc/motd', endedAt: null })
    expect(view.facts).toEqual(facts)
    const toldAt = new Date(now).toISOString()
    expect(view).toMatchObject({ attributes: {}, packages, vitals: { ...vitals, toldAt }, factProblems })
    const overview = await read<OverviewView>('/api/overview')
    expect(overview.openDrift.map(({ host: name }) => name)).toEqual(['web-1'])
    expect(overview.site.pools[0]).toMatchObject({ name: 'web', order: 'surge', drift: 'rebuild' })
    expect(overview.site.pools[0]?.hosts).toContain('web-1')

    const inSync = makeReport('web-1', { catalogHash })
    await call(server.agentUrl, { path: '/v1/report', ca: server.ca, identity: host, body: inSync })
    expect((await read<HostView>('/api/hosts/web-1')).status).toBe('in-sync')
    const before = now
    now += 3_600_001
    expect((await read<HostView>('/api/hosts/web-1')).status).toBe('silent')
    now = before
    expect(events).toContain('report')
    ws.terminate()
  })

  it('revokes a host live: its connection closes, and its next request is refused', async () => {
    const host = await enrolHost(server, 'web-50')
    const ws = new WebSocket(new URL('/v1/socket', server.agentUrl.replace('https', 'wss')), {
      ca: server.ca,
      key: host.key,
      cert: host.certificate,
    })
    await once(ws, 'open')
    const closed = once(ws, 'close')
    expect((await post('admin', '/api/hosts/web-50/revoke', { reason: 'stolen' })).status).toBe(200)
    await closed
    const answer = await call(server.agentUrl, {
      path: '/v1/catalog',
      ca: server.ca,
      identity: host,
      body: { facts },
    })
    expect(answer.json.code).toBe('certificate-revoked')
    const entry = listAudit(server.context.db, 20).find(({ action }) => action === 'certificate.revoked')
    expect(entry).toMatchObject({
      actor: 'user:admin',
      target: 'host:web-50',
      detail: 'incarnation 1: stolen',
    })
  })

  it('forgets a host that it did not make, and its certificate with it', async () => {
    const host = await enrolHost(server, 'web-51')
    expect((await as('admin', '/api/hosts/web-51', { method: 'DELETE' })).status).toBe(200)
    expect((await as('admin', '/api/hosts/web-51')).status).toBe(404)
    const wish = { path: '/v1/catalog', ca: server.ca, identity: host, body: { facts } }
    expect((await call(server.agentUrl, wish)).json.code).toBe('certificate-unknown')
  })

  it('refuses acts on machines when it has no driver, and says why', async () => {
    const answer = await post('admin', '/api/hosts', { name: 'web-60' })
    expect([answer.status, answer.json.code]).toEqual([409, 'unsupported'])
    expect(answer.json.hint).toContain('nspawn')
  })

  it.each([
    ['/api/tokens', { host: '../etc' }],
    ['/api/tokens', { host: 'web-1', ttlSeconds: '60' }],
    ['/api/hosts', { name: 'Web 1' }],
    ['/api/hosts/web-1/rebuild', {}],
  ])('refuses POST %s with %j', async (path, body) => {
    const answer = await post('admin', path, body)
    expect([answer.status, answer.json.code]).toEqual([400, 'bad-request'])
  })

  it('shows a bad revision of the site beside the one that is served', async () => {
    const problems = [{ message: 'Cannot find role "wbe"', where: 'site.ts:5', hint: null }]
    const good = server.compiler.site
    server.compiler.site = { ok: false, revision: 'revision-bad', problems }
    expect((await post('admin', '/api/site/check')).json.refused).toMatchObject({ problems })
    const view = await read<SiteView>('/api/site')
    expect([view.revision, view.refused?.revision]).toEqual(['revision-1', 'revision-bad'])
    server.compiler.site = good
    expect((await post('admin', '/api/site/check')).json.refused).toBeNull()
  })

  it('finds the audit log intact, and the first entry that somebody changed', async () => {
    expect((await read<AuditView>('/api/audit?limit=1')).chain).toMatchObject({
      intact: true,
      brokenAt: null,
    })
    const { db } = server.context
    expect(() => db.exec("UPDATE audit SET actor = 'nobody' WHERE seq = 3")).toThrow(/append-only/)
    db.exec('DROP TRIGGER audit_no_update')
    db.exec("UPDATE audit SET actor = 'nobody' WHERE seq = 3")
    expect((await read<AuditView>('/api/audit?limit=1')).chain).toMatchObject({ intact: false, brokenAt: 3 })
  })
})

describe('the page', () => {
  it('is served with a strict policy, at every path that is its own', async () => {
    for (const path of ['/', '/hosts/web-1']) {
      const answer = await call(server.pageUrl, { path })
      expect([answer.status, answer.text]).toEqual([200, '<!doctype html><title>page</title>'])
      expect(answer.headers['content-security-policy']).toContain("script-src 'self'")
      expect(answer.headers['content-security-policy']).not.toContain('unsafe')
    }
  })

  it.each([
    '/api/nothing',
    '/assets/gone.js',
    '/../package.json',
    '/%2e%2e/package.json',
    '/..%2fpackage.json',
  ])('answers 404 for %s', async (path) => {
    const answer = await call(server.pageUrl, { path })
    expect([answer.status, answer.json.code]).toEqual([404, 'not-found'])
  })

  it('closes although a page is open', async () => {
    const own = await startTestServer()
    const cookie = await call(own.pageUrl, {
      path: '/api/login',
      body: { name: 'admin', password: own.initialPassword },
    })
    const ws = new WebSocket(`${own.pageUrl.replace('http', 'ws')}/api/events`, {
      headers: { cookie: String(cookie.headers['set-cookie']).split(';')[0] ?? '', origin: own.pageUrl },
    })
    await once(ws, 'open')
    const closed = once(ws, 'close')
    await own.dispose()
    await closed
  })

  it('says that it is well without a login', async () => {
    expect((await call(server.pageUrl, { path: '/api/health' })).json.status).toBe('ok')
  })
})
