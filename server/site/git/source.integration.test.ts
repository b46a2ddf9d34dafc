/** Sites delivered by real repositories: what is served, what is refused, and who is named for it. */
import { createHmac } from 'node:crypto'
import { globSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GitSite } from '../../../schemas/generated/types.ts'
import { call, enrolHost, makeReport, type TestServer } from '../../http/test-server.ts'
import type { AuditView, HostView, ReportView } from '../../http/view.ts'
import { createApiToken } from '../../people.ts'
import { listAudit } from '../../store/audit.ts'
import { author, followRepository, motdOf, motdSite, Repository } from './repository.fixture.ts'

let repository: Repository
let server: TestServer
let dataDir: string
const open: TestServer[] = []

beforeEach(() => {
  repository = new Repository()
  dataDir = mkdtempSync(join(tmpdir(), 'rekindle-server-'))
})
afterEach(async () => {
  for (const opened of open.splice(0)) await opened.close()
  repository.remove()
  rmSync(dataDir, { recursive: true, force: true })
})

async function follow(site: Partial<GitSite> = {}): Promise<void> {
  server = await followRepository({ git: repository.url, ...site }, dataDir)
  open.push(server)
}

async function restart(): Promise<void> {
  const config = server.config.site
  for (const opened of open.splice(0)) await opened.close()
  if (typeof config === 'object') await follow(config)
}

const check = () => server.site.check('user:ann')
const broken = { 'site.ts': "import { role } from 'rekindle'\nexport default nothing\n" }
const siteActs = () =>
  listAudit(server.context.db, 100)
    .filter(({ action }) => action.startsWith('site.'))
    .map(({ action, target, detail }) => `${action} ${target} ${detail}`)
const staging = "{ match: 'web-*', role: web, environment: 'staging' },"

async function read<View>(path: string): Promise<View> {
  const token = createApiToken(server.context, { person: 'admin', ttlMs: 60_000, by: 'test' })
  const answer = await call(server.pageUrl, { path, headers: { authorization: `Bearer ${token}` } })
  if (answer.status !== 200) throw new Error(answer.text)
  return answer.json as unknown as View
}

describe('a commit', () => {
  it('is served, and named with its author by the site, the report, the host and the audit log', async () => {
    const hash = repository.commit('Say hello', motdSite('hello\n'))
    await follow()
    const host = await enrolHost(server, 'web-1')
    expect(await motdOf(server, host)).toBe('hello\n')
    const report = makeReport('web-1', { revision: server.site.revision() ?? '' })
    await call(server.agentUrl, { path: '/v1/report', ca: server.ca, identity: host, body: report })
    const commit = { hash, author, subject: 'Say hello' }
    expect(server.site.view()).toMatchObject({
      commit,
      repository: { url: repository.url, branch: 'main', unreachable: null },
      refused: null,
    })
    expect(await read<ReportView>(`/api/reports/${report.id}`)).toMatchObject({ commit })
    expect(await read<HostView>('/api/hosts/web-1')).toMatchObject({ commit, environment: 'main' })
    const { entries } = await read<AuditView>('/api/audit')
    expect(entries.find(({ action }) => action === 'site.activated')).toMatchObject({ commit })
  })

  it('that is bad is refused and shown, the last good one stays, and the fix is served', async () => {
    const good = repository.commit('Say hello', motdSite('hello\n'))
    await follow()
    const host = await enrolHost(server, 'web-1')
    const bad = repository.commit('Break it', broken)
    expect(await check()).toMatchObject({
      commit: { hash: good },
      refused: {
        commit: { hash: bad, author },
        problems: [{ where: 'site.ts:2', message: expect.stringContaining('nothing is not defined') }],
      },
    })
    expect(await motdOf(server, host)).toBe('hello\n')
    const fix = repository.commit('Mend it', motdSite('hello again\n'))
    expect(await check()).toMatchObject({ commit: { hash: fix }, refused: null })
    expect(await motdOf(server, host)).toBe('hello again\n')
    expect(siteActs()).toEqual([
      `site.activated site ${fix.slice(0, 12)} by ${author}: Mend it`,
      expect.stringMatching(
        `site.refused site ${bad.slice(0, 12)} by ${author}: Break it; site.ts:2: .*nothing`,
      ),
      `site.activated site ${good.slice(0, 12)} by ${author}: Say hello`,
    ])
  })

  it('of the same files has the same catalog, and a report keeps the commit of its time', async () => {
    const first = repository.commit('Say hello', motdSite('hello\n'))
    await follow()
    const host = await enrolHost(server, 'web-1')
    const revision = server.site.revision() ?? ''
    const report = makeReport('web-1', { revision })
    await call(server.agentUrl, { path: '/v1/report', ca: server.ca, identity: host, body: report })
    const second = repository.commit('Nothing new')
    expect(await check()).toMatchObject({ revision, commit: { hash: second } })
    expect(await read<ReportView>(`/api/reports/${report.id}`)).toMatchObject({ commit: { hash: first } })
  })

  it('that takes the place of another is served, and the audit log says that history was rewritten', async () => {
    repository.commit('Say hello', motdSite('hello\n'))
    await follow()
    repository.git('checkout', '--quiet', '--orphan', 'other')
    const hash = repository.commit('Begin anew', motdSite('anew\n'))
    repository.git('branch', '--force', 'main', 'other')
    expect(await check()).toMatchObject({ commit: { hash } })
    expect(siteActs()[0]).toContain('the branch was rewritten')
  })

  it('comes out byte for byte, whatever its attributes say', async () => {
    repository.commit('Say hello', {
      'site.ts': motdSite('hello\n')['site.ts']?.replace('content: "hello\\n"', "source: 'motd'") ?? '',
      motd: 'hello $Id$\n',
      '.gitattributes': '* text eol=crlf ident\nsite.ts export-ignore filter=other\n',
    })
    await follow()
    expect(await motdOf(server, await enrolHost(server, 'web-1'))).toBe('hello $Id$\n')
  })

  it('with a link out of the site is refused', async () => {
    repository.commit('Say hello', motdSite('hello\n'))
    repository.git('update-index', '--add', '--cacheinfo', `120000,${blobOf('/etc/passwd')},passwd.txt`)
    repository.git('commit', '--quiet', '--message', 'Look around')
    await follow()
    expect(server.site.view().refused?.problems[0]?.message).toMatch(
      /"passwd.txt" is a link .*out of the site/,
    )
  })
})

function blobOf(text: string): string {
  const path = join(repository.dir, '.git', 'blob')
  writeFileSync(path, text)
  return repository.git('hash-object', '-w', path)
}

it('locks that a killed git left keep nobody waiting', async () => {
  repository.commit('Say hello', motdSite('hello\n'))
  await follow()
  const [mirror = ''] = globSync('git/*.git', { cwd: dataDir })
  for (const lock of ['packed-refs.lock', 'shallow.lock', 'refs/heads/main.lock']) {
    writeFileSync(join(dataDir, mirror, lock), '')
  }
  const hash = repository.commit('Say more', motdSite('more\n'))
  expect((await check()).repository?.unreachable).not.toBeNull()
  await restart()
  expect(await check()).toMatchObject({ commit: { hash }, repository: { unreachable: null } })
})

it('a commit whose packages were not to be had is looked at again', async () => {
  let status = 404
  const registry = createServer((_request, response) => response.writeHead(status).end('no tarball'))
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = registry.address() as AddressInfo
    const locked = { version: '1.0.0', resolved: `http://127.0.0.1:${port}/a.tgz`, integrity: 'sha512-eA==' }
    const root = { name: 'site', dependencies: { a: '1.0.0' } }
    const packages = { '': root, 'node_modules/a': locked }
    repository.commit('Use a package', {
      ...motdSite('hello\n'),
      'package.json': JSON.stringify(root),
      'package-lock.json': JSON.stringify({ ...root, lockfileVersion: 3, requires: true, packages }),
    })
    await follow()
    expect(server.site.view().refused?.problems[0]?.message).toMatch(/404/)
    status = 200
    expect((await server.site.check('server')).refused?.problems[0]?.message).toMatch(/EINTEGRITY/)
  } finally {
    await new Promise((resolve) => registry.close(resolve))
  }
})

describe('environments', () => {
  it('are branches and tags: each host has the commit of its own, and its own pool', async () => {
    repository.commit('Say hello', motdSite('main\n', staging))
    repository.git('checkout', '--quiet', '-b', 'staging')
    const hash = repository.commit('Try it', motdSite('staging\n'))
    await follow({ hosts: [{ match: 'old-*', environment: 'v1' }] })
    const web = await enrolHost(server, 'web-1')
    const db = await enrolHost(server, 'db-1')
    const old = await enrolHost(server, 'old-1')
    expect(await motdOf(server, web)).toBe('staging\n')
    expect(await motdOf(server, db)).toBe('main\n')
    expect(await motdOf(server, old)).toBe('catalog-unavailable')
    repository.git('tag', '--annotate', 'v1', 'main', '--message', 'first')
    const view = await check()
    expect(await motdOf(server, old)).toBe('main\n')
    expect(view.environments).toMatchObject([
      { name: 'v1', hosts: ['old-1'], commit: { subject: 'Say hello' }, refused: null },
      { name: 'staging', hosts: ['web-1'], commit: { hash, subject: 'Try it' } },
    ])
    expect(view.pools.map(({ name, hosts }) => `${name}: ${hosts}`)).toEqual([
      'web: db-1',
      'web@v1: old-1',
      'web@staging: web-1',
    ])
    expect(await read<HostView>('/api/hosts/web-1')).toMatchObject({
      environment: 'staging',
      pool: 'web@staging',
    })
  })

  it('disturb each other by no bad commit, and only the main one says who is where', async () => {
    const main = repository.commit('Say hello', motdSite('main\n', staging))
    repository.git('checkout', '--quiet', '-b', 'staging')
    const good = repository.commit(
      'Take all',
      motdSite('staging\n', "{ match: 'db-*', role: web, environment: 'staging' },"),
    )
    await follow()
    const web = await enrolHost(server, 'web-1')
    const db = await enrolHost(server, 'db-1')
    const bad = repository.commit('Break it', broken)
    const view = await check()
    expect(view).toMatchObject({ commit: { hash: main }, refused: null })
    expect(view.environments).toMatchObject([{ commit: { hash: good }, refused: { commit: { hash: bad } } }])
    expect(await motdOf(server, web)).toBe('staging\n')
    expect(await motdOf(server, db)).toBe('main\n')
    repository.git('checkout', '--quiet', 'main')
    repository.commit('Break main', broken)
    const both = await check()
    expect([both.refused, both.environments[0]?.refused]).not.toContain(null)
    expect(await motdOf(server, web)).toBe('staging\n')
    expect(await motdOf(server, db)).toBe('main\n')
  })

  it('whose branch is deleted keep their last good commit, also over a restart, until they are named no more', async () => {
    repository.commit('Say hello', motdSite('main\n', staging))
    repository.git('branch', 'staging')
    await follow()
    const web = await enrolHost(server, 'web-1')
    repository.git('branch', '--delete', '--force', 'staging')
    const gone = {
      problems: [{ message: 'Cannot follow "staging": the repository has no such branch or tag' }],
    }
    expect((await check()).environments).toMatchObject([{ refused: gone }])
    expect(await motdOf(server, web)).toBe('main\n')
    await restart()
    await check()
    expect(server.site.view().environments).toMatchObject([
      { refused: gone, commit: { subject: 'Say hello' } },
    ])
    expect(await motdOf(server, web)).toBe('main\n')
    repository.commit('End staging', motdSite('main only\n'))
    expect((await check()).environments).toEqual([])
    expect(await motdOf(server, web)).toBe('main only\n')
  })
})

describe('a repository that does not answer', () => {
  const away = () => `${repository.dir}-away`

  it('leaves the last good commit in service, also when the server starts anew, and the page says since when', async () => {
    repository.commit('Say hello', motdSite('hello\n'))
    await follow()
    const host = await enrolHost(server, 'web-1')
    renameSync(repository.dir, away())
    try {
      const since = (await check()).repository?.unreachable?.since
      expect(since).toBeDefined()
      await restart()
      const view = await check()
      expect(view.repository?.unreachable).toMatchObject({
        since,
        problem: expect.stringMatching(
          /^Cannot fetch from file:.*does not (?:appear to be a git repository|exist)/,
        ),
      })
      expect(view).toMatchObject({ refused: null, commit: { subject: 'Say hello' } })
      expect(await motdOf(server, host)).toBe('hello\n')
    } finally {
      renameSync(away(), repository.dir)
    }
    const hash = repository.commit('Say more', motdSite('more\n'))
    expect(await check()).toMatchObject({ commit: { hash }, repository: { unreachable: null } })
  })

  it('and never did leaves hosts without a catalog, and says why', async () => {
    rmSync(repository.dir, { recursive: true })
    await follow()
    const host = await enrolHost(server, 'web-1')
    expect(await motdOf(server, host)).toBe('catalog-unavailable')
    expect(server.site.view().refused?.problems[0]?.message).toMatch(/^Cannot fetch from file:/)
  })
})

describe('the webhook', () => {
  const secret = 'a secret that nobody guesses'
  const body = { ref: 'refs/heads/main' }
  const hook = (headers: Record<string, string>) =>
    call(server.pageUrl, { path: '/v1/site/webhook', body, headers })
  const sign = (key: string) => createHmac('sha256', key).update(JSON.stringify(body)).digest('hex')

  async function followWithHook(): Promise<void> {
    const path = join(repository.dir, '.git', 'secret')
    writeFileSync(path, `${secret}\n`)
    await follow({ webhookSecretFile: path })
  }

  it('makes the server fetch when its signature fits', async () => {
    repository.commit('Say hello', motdSite('hello\n'))
    await followWithHook()
    await check()
    for (const headers of [
      { 'x-hub-signature-256': `sha256=${sign(secret)}` },
      { 'x-gitea-signature': sign(secret) },
      { 'x-gitlab-token': secret },
    ]) {
      const seen = Promise.withResolvers<void>()
      const unsubscribe = server.context.live.subscribe(({ type }) => type === 'site' && seen.resolve())
      const hash = repository.commit('Say it again')
      expect((await hook(headers)).status).toBe(202)
      await seen.promise
      unsubscribe()
      expect(server.site.view().commit?.hash).toBe(hash)
    }
  })

  it('is refused and audited when it does not, and after many no more is read', async () => {
    repository.commit('Say hello', motdSite('hello\n'))
    await followWithHook()
    const wrong = { 'x-hub-signature-256': `sha256=${sign('another secret')}` }
    expect((await hook(wrong)).status).toBe(401)
    expect((await hook({})).status).toBe(401)
    const details = listAudit(server.context.db, 10)
      .filter(({ action }) => action === 'webhook.refused')
      .map(({ detail }) => detail)
    expect(details).toEqual(['signature unsigned', 'signature wrong'])
    for (let n = 0; n < 18; n++) await hook(wrong)
    expect((await hook({ 'x-gitlab-token': secret })).status).toBe(429)
  })

  it('is not there without a secret, and one that could be guessed is refused at start', async () => {
    repository.commit('Say hello', motdSite('hello\n'))
    await follow()
    expect((await hook({ 'x-gitlab-token': '' })).status).toBe(404)
    const path = join(repository.dir, '.git', 'secret')
    writeFileSync(path, 'guess\n')
    await expect(followRepository({ git: repository.url, webhookSecretFile: path })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('could be guessed'),
    })
  })
})
