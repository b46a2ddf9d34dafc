import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sampleFacts } from '../catalogs/api/sample.ts'
import { canonical } from '../schemas/canonical.ts'
import { sha256 } from '../schemas/hash.ts'
import { call } from './http/test-server.ts'
import { openDatabase } from './store/db.ts'
import { ensureHost } from './store/host.ts'
import { createIncarnation, saveFacts, takeOver } from './store/incarnation.ts'
import { findToken } from './store/token.ts'

const launcher = join(import.meta.dirname, '..', 'bin', 'rekindle')
let dir: string
let config: string

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-cli-'))
  config = join(dir, 'server.json')
  mkdirSync(join(dir, 'good'))
  mkdirSync(join(dir, 'bad'))
  writeFileSync(
    join(dir, 'good', 'site.ts'),
    [
      "import { file, role, site } from 'rekindle'",
      "const web = role('web', () => { file('/etc/motd', { content: 'hello' }) })",
      "export default site({ hosts: [{ match: 'web-*', role: web }] })",
    ].join('\n'),
  )
  writeFileSync(
    join(dir, 'bad', 'site.ts'),
    [
      "import { file, role, site } from 'rekindle'",
      "const web = role('web', () => {",
      "  file('/etc/motd', { ownr: 'root' })",
      '})',
      "export default site({ hosts: [{ match: 'web-*', role: web }] })",
    ].join('\n'),
  )
  const listen = { agentListen: '127.0.0.1:0', pageListen: '127.0.0.1:0' }
  writeFileSync(config, JSON.stringify({ dataDir: join(dir, 'data'), site: join(dir, 'good'), ...listen }))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command line as a person does. `onOutput` sees all of stdout so far. */
function rekindle(
  argv: readonly string[],
  onOutput: (stdout: string, end: () => void) => void = () => {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(launcher, argv, { stdio: ['ignore', 'pipe', 'pipe'] })
    const out = { stdout: '', stderr: '' }
    child.stdout.on('data', (data) => {
      out.stdout += data
      onOutput(out.stdout, () => child.kill('SIGTERM'))
    })
    child.stderr.on('data', (data) => {
      out.stderr += data
    })
    child.on('close', (code) => resolve({ code, ...out }))
  })
}

describe('rekindle check', () => {
  it('is content with a good site', async () => {
    expect(await rekindle(['check', join(dir, 'good')])).toMatchObject({ code: 0 })
  })

  it('prints what is wrong with file and line, and ends with 1', async () => {
    const { code, stdout } = await rekindle(['check', join(dir, 'bad')])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^site\.ts:3: .*ownr/m)
  })

  it('prints JSON when asked', async () => {
    const { stdout } = await rekindle(['check', join(dir, 'bad'), '--json'])
    expect(JSON.parse(stdout).problems[0].where).toBe('site.ts:3')
  })
})

describe('rekindle compile', () => {
  it('writes the catalog and the contents of its files', async () => {
    const [out, blobs] = [join(dir, 'catalog.json'), join(dir, 'blobs')]
    const argv = ['compile', join(dir, 'good'), '--host', 'web-1', '--out', out, '--blobs', blobs]
    expect((await rekindle(argv)).code).toBe(0)
    const [resource] = JSON.parse(readFileSync(out, 'utf8')).resources
    expect(resource.id).toBe('file:/etc/motd')
    expect(readdirSync(blobs)).toEqual([sha256('hello')])
  })

  it('says which host has no role', async () => {
    const { code, stderr } = await rekindle(['compile', join(dir, 'good'), '--host', 'mail-1'])
    expect(code).toBe(1)
    expect(stderr).toContain('mail-1')
  })
})

describe('rekindle lookup', () => {
  const site = () => join(dir, 'layered')
  beforeAll(() => {
    const files = {
      'site.ts': [
        "import { field, layers, role, site } from 'rekindle'",
        "const hierarchy = ['host/{host}', 'os/{facts.os.codename}', 'site']",
        'const schema = { nginx: { workers: field.integer(), user: field.text({ optional: true }) }, lost: field.text() }',
        "const web = role('web', () => {})",
        "export default site({ hosts: [{ match: 'web-*', role: web }], data: layers({ hierarchy, schema }) })",
      ].join('\n'),
      'data/site.yaml': 'nginx:\n  workers: 2\n',
      'data/os/trixie.yaml': 'nginx:\n  workers: 4\n',
      'data/hosts/web-1.yaml': 'nginx: {}\n',
    }
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(site(), path, '..'), { recursive: true })
      writeFileSync(join(site(), path), text)
    }
  })
  const lookup = (...argv: string[]) => rekindle(['lookup', ...argv, '--site', site()])
  const trixie = { ...sampleFacts('web-1'), os: { ...sampleFacts('web-1').os, codename: 'trixie' } }

  it('prints a value as YAML or JSON', async () => {
    expect(await lookup('nginx', '--host', 'web-1')).toEqual({ code: 0, stdout: 'workers: 2\n', stderr: '' })
    expect((await lookup('nginx', '--host', 'web-1', '--json')).stdout).toBe('{"workers":2}\n')
  })

  it('explains it for given facts', async () => {
    const facts = join(dir, 'facts.json')
    writeFileSync(facts, JSON.stringify(trixie))
    const { stdout } = await lookup('nginx.workers', '--host', 'web-1', '--facts', facts, '--explain')
    expect(stdout).toBe(
      [
        'nginx.workers: 4',
        '  first: the highest layer that has it wins',
        '  absent   host/web-1  the site has no such layer',
        '  wins     os/trixie   4  (data/os/trixie.yaml:2:12)',
        '  covered  site        2  (data/site.yaml:2:12)',
        '',
      ].join('\n'),
    )
  })

  it('takes the facts that a server knows of the host', async () => {
    const server = join(dir, 'layered.json')
    const listen = { agentListen: '127.0.0.1:0', pageListen: '127.0.0.1:0' }
    writeFileSync(server, JSON.stringify({ dataDir: join(dir, 'layered-data'), site: site(), ...listen }))
    mkdirSync(join(dir, 'layered-data'))
    const db = openDatabase(join(dir, 'layered-data', 'rekindle.db'))
    ensureHost(db, { name: 'web-1', managed: false }, 0)
    const { id } = createIncarnation(db, 'web-1', 0)
    saveFacts(db, id, canonical(trixie), 0)
    takeOver(db, id, 0)
    db.close()
    const argv = ['lookup', 'nginx.workers', '--config', server, '--host']
    expect((await rekindle([...argv, 'web-1'])).stdout).toBe('4\n')
    expect((await rekindle([...argv, 'web-2'])).stderr).toContain(
      'Cannot look data up for host "web-2": the server knows no facts of it',
    )
  })

  it('ends with 1 for a key that no layer has, with the layers that were looked at', async () => {
    const { code, stderr } = await lookup('lost', '--host', 'web-1')
    expect(code).toBe(1)
    expect(stderr).toContain(
      'Cannot read data "lost": no layer of host "web-1" has it; looked at host/web-1 (no such layer), os/bookworm (no such layer), data/site.yaml',
    )
  })

  it('check warns of layers that no host looks at', async () => {
    const { code, stderr } = await rekindle(['check', site()])
    expect(code).toBe(0)
    expect(stderr).toContain('warning: data/hosts/web-1: No host looks at "hosts/web-1"')
  })
})

describe('rekindle server', () => {
  it('makes the first admin once', async () => {
    expect((await rekindle(['server', 'setup', '--config', config])).stdout).toMatch(
      /^Login of "admin": \S{24}$/m,
    )
    expect((await rekindle(['server', 'setup', '--config', config])).stdout).toContain('an admin already')
  })

  it('makes tokens in the database of the server', async () => {
    const { stdout } = await rekindle([
      'token',
      'create',
      '--config',
      config,
      '--host',
      'web-7',
      '--ttl',
      '60',
    ])
    const db = openDatabase(join(dir, 'data', 'rekindle.db'))
    expect(findToken(db, sha256(stdout.trim()))).toMatchObject({ host: 'web-7', kind: 'join', usedAt: null })
    db.close()
  })

  it('serves until it is told to end, and then ends cleanly', async () => {
    const health = Promise.withResolvers<number>()
    const { code, stderr } = await rekindle(['server', '--config', config], (stdout, end) => {
      const page = /^Page: +(\S+)$/m.exec(stdout)?.[1]
      if (page === undefined) return
      call(page, { path: '/api/health' }).then(({ status }) => {
        health.resolve(status)
        end()
      }, health.reject)
    })
    expect(await health.promise).toBe(200)
    expect(code).toBe(0)
    const events = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).msg)
    expect(events.at(0)).toBe('site.activated')
    expect(events.at(-1)).toBe('server.stopped')
  })

  it.each([
    [['server', '--config', '/nowhere/server.json'], /"\/nowhere\/server\.json"/],
    [['token', 'create'], /--host/],
    [['check'], /site/],
    [['compile', 'x', '--hots', 'y'], /--hots/],
  ])('refuses %j with a sentence', async (argv, message) => {
    const { code, stderr } = await rekindle(argv)
    expect(code).toBe(1)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/ at .*\.ts:\d+:\d+/)
  })
})
