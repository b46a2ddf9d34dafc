/** A secret on its way from a source to one host: a real server, its compiler, and real agents, on loopback. */
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Config } from '../../agent/config.ts'
import { renewIfDue } from '../../agent/daemon/enrolment.ts'
import { createLog } from '../../agent/daemon/log.ts'
import { runOnce } from '../../agent/daemon/once.ts'
import { loadIdentity } from '../../agent/daemon/state.ts'
import { unseal } from '../../agent/link/unseal.ts'
import type { Envelope, Report } from '../../schemas/generated/types.ts'
import { createCompiler } from '../../server/compiler/compiler.ts'
import { call, facts, mintToken, startTestServer, type TestServer } from '../../server/http/test-server.ts'
import { createApiToken, setPerson } from '../../server/people.ts'
import { writeSite } from '../../server/plan/fleet.fixture.ts'
import { filesWith, isIn } from './search.ts'

const launcher = join(import.meta.dirname, '..', '..', 'bin', 'rekindle')
const dir = mkdtempSync(join(tmpdir(), 'rekindle-e2e-secrets-'))
const on = (host: string) => join(dir, 'host', host)
const secretFile = join(dir, 'source', 'db', 'password')

let planted = 'pl4nted-First_Value'
/** All that ever was one. */
const everPlanted: string[] = []
let server: TestServer
const logged: string[] = []
const agentLogged: string[] = []
const reports: Report[] = []

const site = {
  'site.ts': `import { exec, facts, file, host, iniSetting, role, secret, site, template } from 'rekindle'
const app = role('app', () => {
  const dir = '${dir}/host/' + host.name
  const conf = file(dir + '/app.conf', { content: template('app.eta', { password: secret('db/password') }) })
  iniSetting(dir + '/app.ini', { path: dir + '/app.ini', section: 'db', setting: 'password', value: secret('db/password') })
  exec('tell', { command: ['cat', dir + '/app.conf'], refreshOnly: true, subscribe: conf })
})
const other = role('other', () => { file('${dir}/host/' + host.name + '/motd', { content: 'hello\\n' }) })
export default site({ hosts: [{ match: 'app-*', role: app }, { match: '*', role: other }] })
`,
  'app.eta': 'user = app\npassword = <%= it.password %>\n',
}

function plant(value: string): void {
  planted = value
  everPlanted.push(value, `user = app\npassword = ${value}\n`)
  mkdirSync(join(secretFile, '..'), { recursive: true })
  writeFileSync(secretFile, `${value}\n`)
  chmodSync(secretFile, 0o600)
}

function configOf(host: string, wishes: Partial<Config> = {}): Config {
  return {
    server: server.agentUrl,
    caFingerprint: server.caFingerprint,
    stateDir: join(on(host), 'state'),
    ...{ pollSeconds: 1800, splaySeconds: 0 },
    ...wishes,
  }
}

async function run(host: string, wishes: Partial<Config> = {}, noop = false): Promise<Report> {
  mkdirSync(on(host), { recursive: true })
  const isNew = loadIdentity(join(on(host), 'state')) === undefined
  const report = await runOnce(
    configOf(host, { ...(isNew && { token: mintToken(server, host) }), ...wishes }),
    {
      ...{ noop, allowCached: true, waitMs: 0, signal: new AbortController().signal },
      log: createLog((line) => agentLogged.push(line)),
    },
  )
  reports.push(report)
  return report
}

async function envelopeFor(host: string, headers = {}) {
  const { key, certificate } = identityOf(host)
  const answer = await call(server.agentUrl, {
    ...{ path: '/v1/catalog', ca: server.ca, body: { facts: { ...facts, hostname: host } }, headers },
    identity: { key, certificate },
  })
  return { ...answer, envelope: answer.json as unknown as Envelope }
}

function identityOf(host: string) {
  const identity = loadIdentity(join(on(host), 'state'))
  if (identity === undefined) throw new Error(`${host} is not enrolled`)
  return identity
}

const conf = (host: string) => join(on(host), 'app.conf')

beforeAll(async () => {
  plant(planted)
  writeSite(join(dir, 'site'), site)
  const dataDir = join(dir, 'data')
  server = await startTestServer({
    config: {
      ...{ dataDir, site: join(dir, 'site') },
      secrets: [{ from: 'files', dir: join(dir, 'source'), everySeconds: 0 }],
    },
    compiler: createCompiler({ stageDir: join(dataDir, 'site') }),
    log: pino({ level: 'trace' }, { write: (line: string) => logged.push(line) }),
  })
})
afterAll(async () => {
  await server.dispose()
  rmSync(dir, { recursive: true, force: true })
})

describe('a secret', { concurrent: false }, () => {
  it('comes to the host that its catalog is for, in a template and in a parameter', async () => {
    const { status, resources } = await run('app-1')
    expect(status).toBe('changed')
    expect(readFileSync(conf('app-1'), 'utf8')).toBe(`user = app\npassword = ${planted}\n`)
    expect(statSync(conf('app-1')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(on('app-1'), 'app.ini'), 'utf8')).toContain(planted)
    const told = resources.find(({ id }) => id === 'exec:tell')
    // A command that prints it: only the words around it are told.
    expect(told?.output).toContain('password = [redacted]')
  })

  it('changes nothing in the next run, which is a 304', async () => {
    expect((await run('app-1')).status).toBe('in-sync')
    const { headers } = await envelopeFor('app-1')
    expect((await envelopeFor('app-1', { 'if-none-match': headers.etag })).status).toBe(304)
  })

  it('is redacted where the host has drifted, and leaves no backup', async () => {
    writeFileSync(conf('app-1'), `user = app\npassword = ${planted}\n# by hand\n`)
    const planned = await run('app-1', {}, true)
    const { status, resources } = await run('app-1')
    expect([planned.status, status]).toEqual(['pending', 'changed'])
    const changes = resources.find(({ id }) => id.startsWith('file:'))?.changes
    expect(changes).toEqual([{ property: 'content', from: '[redacted]', to: '[redacted]' }])
    expect(readFileSync(conf('app-1'), 'utf8')).not.toContain('by hand')
  })

  it('is opened by no other host', async () => {
    await run('app-2')
    const { envelope } = await envelopeFor('app-1')
    const jwe = envelope.sealed?.jwe ?? ''
    await expect(unseal(jwe, [identityOf('app-1').key])).resolves.toEqual(new Map([['db/password', planted]]))
    await expect(unseal(jwe, [identityOf('app-2').key])).rejects.toThrow('sealed for another key')
    // Nor when it says that it is sealed for that one.
    const [header = '', ...rest] = (await envelopeFor('app-2')).envelope.sealed?.jwe.split('.') ?? []
    const [, ...foreign] = jwe.split('.')
    expect(rest).toHaveLength(4)
    await expect(unseal([header, ...foreign].join('.'), [identityOf('app-2').key])).rejects.toThrow(
      'they cannot be decrypted',
    )
  })

  it('comes to no host whose catalog does not name it', async () => {
    await run('mail-1')
    const { envelope } = await envelopeFor('mail-1')
    expect(envelope.sealed).toBeUndefined()
    expect(JSON.parse(envelope.payload)).not.toHaveProperty('secrets')
  })

  it('is refused by an agent when the seal is not signed for that catalog', async () => {
    const path = join(on('app-1'), 'state', 'catalog.json')
    const kept = readFileSync(path, 'utf8')
    const own = JSON.parse(kept)
    const { envelope } = await envelopeFor('app-2')
    writeFileSync(path, JSON.stringify({ ...own, sealed: envelope.sealed }))
    const { error } = await run('app-1', { server: 'https://127.0.0.1:1' })
    expect(error?.code).toBe('catalog-unavailable')
    writeFileSync(path, kept)
  })

  it('that changed makes another catalog, and the old value is not told either', async () => {
    const before = (await envelopeFor('app-1')).envelope.hash
    plant('pl4nted-Second_Value')
    const { status, resources } = await run('app-1')
    expect(status).toBe('changed')
    expect(resources.find(({ id }) => id.startsWith('file:'))?.cause).toBe('intent')
    expect((await envelopeFor('app-1')).envelope.hash).not.toBe(before)
    expect(readFileSync(conf('app-1'), 'utf8')).toContain('Second')
  })

  it('is there for a run without a server, and after a renewal of the certificate', async () => {
    const offline = { server: 'https://127.0.0.1:1' }
    rmSync(conf('app-1'))
    expect(await run('app-1', offline)).toMatchObject({ cached: true, status: 'changed' })

    const before = identityOf('app-1')
    const renewed = await renewIfDue(configOf('app-1'), before, Date.now() + 10 * 365 * 86_400_000)
    expect(renewed.key).not.toBe(before.key)
    rmSync(conf('app-1'))
    expect(await run('app-1', offline)).toMatchObject({ cached: true, status: 'changed' })
    // What is kept is sealed for the new key from the next answer on.
    expect((await run('app-1')).cached).toBe(false)
    const kept = JSON.parse(readFileSync(join(on('app-1'), 'state', 'catalog.json'), 'utf8')) as Envelope
    await expect(unseal(kept.sealed?.jwe ?? '', [identityOf('app-1').key])).resolves.toHaveProperty('size', 1)
  })

  it('whose source is down leaves the last catalog in service, and says which it is', async () => {
    chmodSync(secretFile, 0o644)
    const { status, json } = await envelopeFor('app-1')
    expect([status, json.code]).toEqual([503, 'secret-unavailable'])
    expect(json.title).toBe(
      `Cannot resolve secret "db/password" from files ${dir}/source: "${secretFile}" is open to others (mode 644): chmod 600`,
    )
    rmSync(conf('app-1'))
    expect(await run('app-1')).toMatchObject({ cached: true, status: 'changed' })
    expect(logged.some((line) => line.includes('secret.unavailable'))).toBe(true)
    chmodSync(secretFile, 0o600)
    expect((await run('app-1')).cached).toBe(false)
  })

  it('is named by what explains catalogs, and by who is affected', async () => {
    const config = join(dir, 'server.json')
    writeFileSync(config, JSON.stringify(server.config))
    const rekindle = async (...args: readonly string[]) =>
      (await promisify(execFile)(launcher, [...args, '--config', config])).stdout
    expect(await rekindle('affected', '--secret', 'db')).toBe(
      'app-1  has secret db/password\napp-2  has secret db/password\n',
    )
    expect(await rekindle('explain', 'app-1')).toMatch(/secrets\n\s+db\/password\n/)
    expect(await rekindle('secret', 'check', join(dir, 'site'))).toBe('1 of 1 secrets can be resolved\n')
    writeFileSync(config, JSON.stringify({ ...server.config, secrets: [] }))
    await expect(rekindle('secret', 'check', join(dir, 'site'))).rejects.toMatchObject({
      code: 1,
      stdout:
        'Cannot resolve secret "db/password": the server\'s configuration has no source for it\n0 of 1 secrets can be resolved\n',
    })
  })

  it('is in no byte that the server keeps, logs or shows, and in none of the agents’ but what they manage', async () => {
    // That the search finds what is there: the source, and the files on the hosts.
    expect(filesWith(join(dir, 'source'), everPlanted)).toEqual([secretFile])
    expect(filesWith(join(dir, 'host'), everPlanted).toSorted()).toEqual(
      ['app-1/app.conf', 'app-1/app.ini', 'app-2/app.conf', 'app-2/app.ini'].map((name) => on(name)),
    )
    expect(isIn(`x${Buffer.from(planted).toString('base64')}`, everPlanted)).toBe(true)

    expect(filesWith(server.config.dataDir, everPlanted)).toEqual([])
    expect(reports.length).toBeGreaterThan(10)
    expect(isIn(JSON.stringify(reports), everPlanted)).toBe(false)
    expect(logged.length + agentLogged.length).toBeGreaterThan(5)
    expect(isIn(`${logged.join('')}${agentLogged.join('')}`, everPlanted)).toBe(false)

    const { context } = server
    await setPerson(context, { name: 'vera', role: 'viewer', password: 'viewer-password-1', by: 'test' })
    const token = createApiToken(context, { person: 'vera', ttlMs: 60_000, by: 'test' })
    const show = (path: string) =>
      call(server.pageUrl, { path, headers: { authorization: `Bearer ${token}` } })
    const listed = await show('/api/reports?host=app-1')
    const ids = (JSON.parse(listed.text) as readonly { id: string }[]).map(({ id }) => id)
    expect(ids.length).toBeGreaterThan(3)
    const pages = [
      ...['overview', 'hosts', 'hosts/app-1', 'drift', 'site', 'audit', 'metrics', 'reports?host=app-1'],
      ...ids.map((id) => `reports/${id}`),
    ]
    for (const page of pages) {
      const { status, text } = await show(`/api/${page}`)
      expect([page, status, isIn(text, everPlanted)]).toEqual([page, 200, false])
    }
  })
})
