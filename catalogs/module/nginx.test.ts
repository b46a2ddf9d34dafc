import { describe, expect, it } from 'vitest'
import { role } from '../api/role.ts'
import { type CompileOptions, compile } from '../api/testing.ts'
import { type NginxOptions, nginx } from './nginx.ts'

const compiled = (options?: NginxOptions, facts: CompileOptions = {}) =>
  compile(
    role('r', () => {
      nginx(options)
    }),
    facts,
  )
type Site = NonNullable<NginxOptions['sites']>[number]
const textOf = (site: Omit<Site, 'name'>) =>
  compiled({ sites: [{ name: 's', ...site }] }).find('file', '/etc/nginx/sites-enabled/s.conf').content
const mainOf = (options: NginxOptions) => compiled(options).find('file', '/etc/nginx/nginx.conf').content

describe('nginx()', () => {
  it('starts with its own configuration alone, and reloads when any file changed', () => {
    const catalog = compiled({ sites: [{ name: 'a', root: '/srv/a' }] })
    expect(catalog.find('package', 'nginx').params.startServices).toBe(false)
    expect(catalog.find('file', '/etc/nginx/sites-enabled/default').params.ensure).toBe('absent')
    expect(catalog.find('service', 'nginx')).toMatchObject({
      params: { ensure: 'running', enable: true, onRefresh: 'reload' },
      subscribe: [
        'file:/etc/nginx/nginx.conf',
        'file:/etc/nginx/conf.d',
        'file:/etc/nginx/sites-enabled',
        'file:/etc/nginx/sites-enabled/default',
        'file:/etc/nginx/sites-enabled/a.conf',
      ],
    })
  })

  it('tries each file with all others before it is moved in', () => {
    const { params } = compiled({ sites: [{ name: 'a', root: '/srv/a' }] }).find(
      'file',
      '/etc/nginx/sites-enabled/a.conf',
    )
    expect(params.validate).toEqual([
      ...['/bin/sh', '-c', expect.stringContaining('nginx -t'), 'sh', '%'],
      'sites-enabled/a.conf',
    ])
    // "%" is where the new content goes, and nothing else.
    expect(String(params.validate).split('%')).toHaveLength(2)
  })

  it('tells no version, takes no old TLS and includes by relative paths', () => {
    const main = mainOf({})
    expect(main).toContain('server_tokens off;')
    expect(main).toContain('ssl_protocols TLSv1.2 TLSv1.3;')
    expect(main).toContain('  include sites-enabled/*;')
    expect(main).toMatch(/^user www-data;\nworker_processes auto;/m)
  })

  it.each<[NginxOptions, string]>([
    [{ workers: 4 }, 'worker_processes 4;'],
    [{ connections: 4096 }, 'worker_connections 4096;'],
    [{ settings: { server_tokens: true, allow: ['a', 'b'] } }, '  server_tokens on;\n'],
    [{ settings: { allow: ['a', 'b'] } }, '  allow a;\n  allow b;\n'],
    [{ mainSettings: { worker_rlimit_nofile: 9 } }, '\nworker_rlimit_nofile 9;'],
  ])('main: %j', (options, expected) => {
    expect(mainOf(options)).toContain(expected)
  })

  it('compresses unless told not to, purges when told to, and takes another package', () => {
    expect(mainOf({ gzip: false })).not.toContain('gzip')
    const catalog = compiled({ purge: true, package: 'nginx-light' })
    expect(catalog.find('file', '/etc/nginx/conf.d').params.purge).toBe(true)
    expect(catalog.ids[0]).toBe('package:nginx-light')
    expect(
      compiled({}, { facts: { os: { family: 'redhat' } } }).find('file', '/etc/nginx/nginx.conf').content,
    ).toContain('user nginx;')
  })

  it.each<[Omit<Site, 'name'>, string]>([
    [
      { root: '/srv/a' },
      '  listen 80;\n  listen [::]:80;\n  server_name _;\n  root /srv/a;\n  index index.html;\n',
    ],
    [{ root: '/a', index: ['a.html', 'b.html'] }, '  index a.html b.html;\n'],
    [{ root: '/a', names: ['a.org', '*.a.org'] }, '  server_name a.org *.a.org;\n'],
    [
      { root: '/a', listen: [81, '192.0.2.1:82'] },
      '  listen 81;\n  listen [::]:81;\n  listen 192.0.2.1:82;\n',
    ],
    [{ root: '/a', default: true }, '  listen 80 default_server;\n'],
    [{ root: '/a', maxBody: '8m' }, '  client_max_body_size 8m;\n'],
    [{ proxy: 'http://127.0.0.1:3000' }, '  location / {\n    proxy_pass http://127.0.0.1:3000;\n  }\n'],
    [
      { upstream: ['a:1', 'b:2 backup'] },
      'upstream site_s {\n  least_conn;\n  server a:1;\n  server b:2 backup;\n',
    ],
    [{ upstream: ['a:1'] }, '    proxy_pass http://site_s;\n'],
    [{ redirect: 'https://b.org/' }, '  return 301 https://b.org$request_uri;\n'],
    [{ tls: { certificate: '/c', key: '/k' }, root: '/a' }, '  listen 443 ssl http2;\n'],
    [{ tls: { certificate: '/c', key: '/k' }, root: '/a' }, '  return 301 https://$host$request_uri;\n'],
    [
      { tls: { certificate: '/c', key: '/k', hsts: 9 }, root: '/a' },
      'Strict-Transport-Security "max-age=9" always;\n',
    ],
    [{ locations: [{ path: '= /x', respond: '204' }] }, '  location = /x {\n    return 204;\n  }\n'],
    [
      { locations: [{ path: '/x', root: '/y', settings: { expires: '1d' } }] },
      '    root /y;\n    expires 1d;\n',
    ],
    [{ settings: { deny: 'all', allow: ['a', 'b'] } }, '  deny all;\n  allow a;\n  allow b;\n'],
    [{ content: 'server {}' }, 'server {}\n'],
  ])('site: %j', (site, expected) => {
    expect(textOf(site)).toContain(expected)
  })

  it('serves plain HTTP beside TLS only when it is told to lead nothing over', () => {
    const tls = { certificate: '/c', key: '/k', redirect: false }
    expect(textOf({ tls, root: '/a' })).not.toContain('listen 80')
  })

  it.each<[object, string]>([
    [{ sites: [{ name: 'a' }] }, 'Cannot use nginx: site "a": it serves nothing'],
    [
      { sites: [{ name: 'a', root: '/a', proxy: 'http://b' }] },
      'site "a": "root" and "proxy" exclude each other',
    ],
    [{ sites: [{ name: 'a', content: 'x', root: '/a' }] }, '"content" and "root" exclude each other'],
    [{ sites: [{ name: 'a', locations: [{ path: '/', root: '/', respond: '204' }] }] }, 'location "/"'],
    [
      {
        sites: [
          { name: 'a', root: '/a' },
          { name: 'a', root: '/b' },
        ],
      },
      'two sites are named "a"',
    ],
    [{ sites: [{ name: '../a', root: '/a' }] }, 'option "sites.0.name"'],
    [{ sites: [{ name: 'a', root: '/a; evil' }] }, 'option "sites.0.root"'],
    [{ sites: [{ name: 'a', tls: { certificate: '/c' } }] }, 'option "sites.0.tls.key": wanted a value'],
    [{ sites: [{ name: 'a', listen: [0] }] }, 'option "sites.0.listen.0"'],
    [{ workers: 'many' }, 'option "workers"'],
  ])('refuses %j', (options, said) => {
    expect(() => compiled(options as NginxOptions)).toThrow(said)
    expect(() => compiled(options as NginxOptions)).toThrow('nginx.test.ts:')
  })
})
