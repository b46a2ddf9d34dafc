import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCompiler } from '../compiler/compiler.ts'
import { call, enrolHost, facts, startTestServer, type TestServer } from '../http/test-server.ts'
import { writeSite } from '../plan/fleet.fixture.ts'

const launcher = join(import.meta.dirname, '..', '..', 'bin', 'rekindle')

const site = {
  'site.ts': `import { pool, site } from 'rekindle'
import { data } from './data.ts'
import { db } from './roles/db.ts'
import { web } from './roles/web.ts'
const front = pool('front')
export default site({ data, hosts: [
  { match: 'web-*', role: web, pool: front },
  { match: 'db-*', when: { 'facts.kernel.release': /^never$/, 'host.attributes.tier': 'gold' }, role: web },
  { match: 'db-*', role: db },
] })
`,
  'data.ts': `import { field, layers } from 'rekindle'
const hierarchy = ['host/{host}', 'os/{facts.os.codename}', 'site']
const schema = { nginx: { workers: field.integer(), port: field.integer() }, motd: field.text() }
export const data = layers({ hierarchy, schema })
`,
  'data/site.yaml': 'nginx:\n  workers: 2\n  port: 80\nmotd: hello\n',
  'data/host/web-2.yaml': 'nginx:\n  workers: 8\n',
  'lib/greet.ts': "export const greet = (name: string) => 'hello ' + name\n",
  'files/limits': 'nofile 1024\n',
  'templates/nginx.eta': 'workers <%= it.workers %>\n',
  'roles/web.ts': `import { facts, file, host, role, service, template } from 'rekindle'
import { data } from '../data.ts'
import { greet } from '../lib/greet.ts'
export const web = role('web', () => {
  file('/etc/motd', { content: greet(facts.os.release) + host.pool + '\\n' })
  const content = template('templates/nginx.eta', { workers: data.get('nginx').workers })
  const conf = file('/etc/nginx.conf', { content })
  service('nginx', { ensure: 'running', subscribe: conf })
})
`,
  'roles/db.ts': `import { facts, file, role } from 'rekindle'
export const db = role('db', () => {
  file('/etc/limits', { source: ['files/limits.' + facts.os.id, 'files/limits'] })
  for (const name of Object.keys(facts.packages)) file('/srv/' + name, { ensure: 'directory' })
})
`,
}

let dir: string
let config: string
let server: TestServer

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-explain-'))
  const dataDir = join(dir, 'data')
  writeSite(join(dir, 'site'), site)
  const options = { dataDir, site: join(dir, 'site') }
  server = await startTestServer({
    config: options,
    compiler: createCompiler({ stageDir: join(dataDir, 'site') }),
  })
  for (const host of ['web-1', 'web-2', 'db-1']) {
    const identity = await enrolHost(server, host)
    const body = { facts: { ...facts, hostname: host } }
    const { status } = await call(server.agentUrl, { path: '/v1/catalog', ca: server.ca, identity, body })
    expect(status).toBe(200)
  }
  await enrolHost(server, 'web-3')
  config = join(dir, 'server.json')
  writeFileSync(config, JSON.stringify(server.config))
})
afterAll(async () => {
  await server.dispose()
  rmSync(dir, { recursive: true, force: true })
})

function rekindle(
  ...argv: readonly string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((done) => {
    const child = spawn(launcher, [...argv, '--config', config], { stdio: ['ignore', 'pipe', 'pipe'] })
    const out = { stdout: '', stderr: '' }
    child.stdout.on('data', (data) => {
      out.stdout += data
    })
    child.stderr.on('data', (data) => {
      out.stderr += data
    })
    child.on('close', (code) => done({ code, ...out }))
  })
}

describe('rekindle explain', () => {
  it('tells what a catalog depends on, with values and the layers that gave them', async () => {
    const { stdout } = await rekindle('explain', 'web-2')
    expect(stdout).toMatch(/^web-2: role web, revision [0-9a-f]{12}\n/)
    expect(stdout).toContain('    facts.os.release  "12"\n')
    expect(stdout).toContain('    trusted.pool  "front"\n')
    expect(stdout).toContain('    nginx.workers  8  (data/host/web-2.yaml:2:12)\n')
    expect(stdout).toContain('    templates/nginx.eta\n')
    expect(stdout).toContain('    lib/greet.ts\n')
    expect(stdout).not.toContain('roles/db.ts')
    expect(stdout).not.toContain('nginx.port')
  })

  it('tells why one resource is as it is', async () => {
    const { stdout } = await rekindle('explain', 'web-1', 'file:/etc/nginx.conf')
    expect(stdout).toBe(
      [
        'file:/etc/nginx.conf',
        '  declared at roles/web.ts:7',
        '  is waited for by',
        '    service:nginx',
        '  notifies',
        '    service:nginx',
        '  read for it',
        '    data.nginx.workers  2  (data/site.yaml:2:12)',
        '  read before it, so that it may hang on these',
        '    facts.os.release',
        '    trusted.pool',
        '',
      ].join('\n'),
    )
  })

  it('names resources that are near, and hosts without a catalog', async () => {
    const near = await rekindle('explain', 'web-1', '/etc/motd')
    expect(near).toMatchObject({ code: 1, stderr: expect.stringContaining('file:/etc/motd') })
    const none = await rekindle('explain', 'web-3')
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('was handed no catalog') })
  })
})

describe('rekindle affected', () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['--fact', 'os.release', ['web-1', 'web-2']],
    ['--fact', 'os', ['db-1', 'web-1', 'web-2']],
    ['--fact', 'os.codename', ['web-1', 'web-2']],
    ['--fact', 'packages.nginx', ['db-1']],
    ['--fact', 'kernel', ['db-1']],
    ['--attribute', 'tier', ['db-1']],
    ['--fact', 'timezone', []],
    ['--data', 'nginx.workers', ['web-1', 'web-2']],
    ['--data', 'nginx', ['web-1', 'web-2']],
    ['--data', 'nginx.port', []],
    ['--file', 'templates/nginx.eta', ['web-1', 'web-2']],
    ['--file', './lib/greet.ts', ['web-1', 'web-2']],
    ['--file', 'roles/db.ts', ['db-1']],
    ['--file', 'site.ts', ['db-1', 'web-1', 'web-2']],
    ['--file', 'data/host/web-2.yaml', ['web-2']],
    ['--file', 'data/host/web-1.json', ['web-1']],
    ['--file', 'data/site.yaml', ['web-1', 'web-2']],
    ['--file', 'files', ['db-1']],
    ['--file', 'files/limits.debian', ['db-1']],
    ['--file', 'README.md', []],
  ]
  it.each(cases)('%s %s names the hosts that depend on it', async (option, what, wanted) => {
    const { stdout } = await rekindle('affected', option, what, '--json')
    const { affected, unknown } = JSON.parse(stdout) as { affected: { host: string }[]; unknown: string[] }
    expect(affected.map(({ host }) => host)).toEqual(wanted)
    expect(unknown).toEqual(['web-3'])
  })

  it('says why, and what it does not know', async () => {
    const { stdout, stderr } = await rekindle('affected', '--fact', 'os.release')
    expect(stdout).toBe('web-1  reads facts.os.release\nweb-2  reads facts.os.release\n')
    expect(stderr).toContain('web-3')
  })
})
