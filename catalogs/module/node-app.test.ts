import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { role } from '../api/role.ts'
import { compile } from '../api/testing.ts'
import { type NodeAppOptions, nodeApp } from './node-app.ts'

const siteDir = mkdtempSync(join(tmpdir(), 'rekindle-app-'))
mkdirSync(join(siteDir, 'shop'))
writeFileSync(join(siteDir, 'shop/server.js'), '1')
afterAll(() => rmSync(siteDir, { recursive: true }))

const compiled = (options: Partial<NodeAppOptions> = {}) =>
  compile(
    role('r', () => {
      nodeApp({
        name: 'shop',
        start: 'server.js',
        ...(options.git || options.archive ? {} : { files: 'shop' }),
        ...options,
      })
    }),
    { siteDir },
  )
const sections = (options?: Partial<NodeAppOptions>) =>
  compiled(options).find('systemd_unit', 'shop.service').params.sections
const git = { url: 'https://git.example.org/shop.git', revision: 'v1' }

describe('nodeApp()', () => {
  it('is code that root owns, an account, variables that root reads, and a unit that follows them', () => {
    const catalog = compiled({ environment: { A: 'x' } })
    expect(catalog.ids).toEqual([
      'package:nodejs',
      'user:shop',
      'file:/srv/shop',
      'file:/srv/shop/server.js',
      'file:/etc/shop.env',
      'systemd_unit:shop.service',
      'service:shop',
    ])
    expect(catalog.find('file', '/srv/shop').params).toMatchObject({ owner: 'root', purge: true })
    expect(catalog.find('file', '/etc/shop.env').params).toMatchObject({ mode: '0600', sensitive: true })
    expect(catalog.find('service', 'shop').subscribe).toEqual([
      'file:/srv/shop',
      'file:/etc/shop.env',
      'systemd_unit:shop.service',
      'file:/srv/shop/server.js',
    ])
  })

  it('has a unit that may do little', () => {
    expect(sections()?.Service).toMatchObject({
      ExecStart: '/usr/bin/node /srv/shop/server.js',
      User: 'shop',
      StateDirectory: 'shop',
      Restart: 'always',
      NoNewPrivileges: true,
      ProtectSystem: 'strict',
      ProtectHome: true,
      CapabilityBoundingSet: '',
    })
    expect(sections({ hardening: false })?.Service).not.toHaveProperty('ProtectSystem')
    expect(sections({ directory: '/home/shop/app' })?.Service?.ProtectHome).toBe('read-only')
  })

  it.each<[Partial<NodeAppOptions>, Record<string, unknown>]>([
    [
      { node: '/opt/node', nodeOptions: ['--enable-source-maps'], arguments: ['-v'] },
      { ExecStart: '/opt/node --enable-source-maps /srv/shop/server.js -v' },
    ],
    [
      { directory: '/opt/app', start: 'dist/main.js' },
      { ExecStart: '/usr/bin/node /opt/app/dist/main.js', WorkingDirectory: '/opt/app' },
    ],
    [
      { port: 80 },
      { CapabilityBoundingSet: 'CAP_NET_BIND_SERVICE', AmbientCapabilities: 'CAP_NET_BIND_SERVICE' },
    ],
    [{ memory: '512M' }, { MemoryMax: '512M' }],
    [{ user: 'www' }, { User: 'www' }],
    [
      { settings: { TimeoutStopSec: 60, Environment: ['A=1', 'B=2'], PrivateTmp: false } },
      { TimeoutStopSec: 60, Environment: ['A=1', 'B=2'], PrivateTmp: false },
    ],
  ])('%j', (options, expected) => {
    expect(sections(options)?.Service).toMatchObject(expected)
  })

  it('writes variables as systemd reads them, the port among them', () => {
    const environment = { A: 'a "b" $c `d` \\', B: '' }
    expect(
      compiled({ environment, port: 3000 }).find('file', '/etc/shop.env').content?.split('\n').slice(1),
    ).toEqual(['PORT="3000"', 'A="a \\"b\\" \\$c \\`d\\` \\\\"', 'B=""', ''])
  })

  it('takes code from git or an archive, and installs what it needs as its own account', () => {
    const catalog = compiled({ git: { ...git, track: true }, install: ['npm', 'ci'], package: false })
    expect(catalog.find('git_checkout', '/srv/shop').params).toMatchObject({
      ...git,
      track: true,
      user: 'shop',
    })
    expect(catalog.find('exec', 'install shop')).toMatchObject({
      params: { command: ['npm', 'ci'], user: 'shop', cwd: '/srv/shop', refreshOnly: true },
      subscribe: ['git_checkout:/srv/shop'],
    })
    expect(catalog.find('service', 'shop').subscribe).toContain('exec:install shop')
    expect(catalog.ids).not.toContain('package:nodejs')
    const packed = { url: 'https://example.org/a.tgz', sha256: 'a'.repeat(64), strip: 1 }
    expect(compiled({ archive: packed }).find('archive', '/srv/shop').params).toMatchObject({
      ...packed,
      owner: 'root',
    })
    expect(compiled({ install: ['npm', 'ci'] }).find('file', '/srv/shop').params.ignore).toEqual([
      'node_modules',
    ])
  })

  it('has to answer after a restart', () => {
    const asked = compiled({ port: 3000, health: '/healthz', healthSeconds: 5 }).find(
      'exec',
      'health of shop',
    )
    expect(asked.params).toMatchObject({ refreshOnly: true, user: 'shop', timeout: 15 })
    expect(asked.params.command?.slice(-2)).toEqual(['http://127.0.0.1:3000/healthz', '5'])
    expect(asked.subscribe).toContain('service:shop')
    expect(compiled({ port: 3000 }).ids.join()).not.toContain('health')
  })

  it.each<[object, string]>([
    [
      { git, files: 'shop' },
      'Cannot use nodeApp "shop": it needs its code: one of "files", "archive" and "git"',
    ],
    [{ health: '/h' }, '"health" is asked on "port"'],
    [{ healthSeconds: 3 }, '"healthSeconds" goes with "health"'],
    [{ name: 'Shop' }, 'Cannot use nodeApp "Shop": option "name"'],
    [{ start: '/server.js' }, 'option "start"'],
    [{ environment: { 'A B': '1' } }, 'option "environment"'],
    [{ environment: { A: 'a\nb' } }, 'option "environment.A"'],
    [{ git: { url: 'x' } }, 'option "git.revision": wanted a value'],
    [{ memory: 'all' }, 'option "memory"'],
  ])('refuses %j', (options, said) => {
    expect(() => compiled(options)).toThrow(said)
  })

  it('names the line of its use', () => {
    const bare = role('r', () => {
      nodeApp({ name: 'x', start: 'y' })
    })
    expect(() => compile(bare)).toThrow(/\(node-app\.test\.ts:\d+\)/)
  })
})
