import { describe, expect, it } from 'vitest'
import { role } from '../api/role.ts'
import { compile } from '../api/testing.ts'
import { type HaproxyOptions, haproxy } from './haproxy.ts'

const compiled = (options: HaproxyOptions) =>
  compile(
    role('r', () => {
      haproxy(options)
    }),
  )
const textOf = (options: HaproxyOptions) => compiled(options).find('file', '/etc/haproxy/haproxy.cfg').content
const servers = [{ name: 'a', address: '10.0.0.1:80' }]
const backends = [{ name: 'b', servers }]
const front = (more: object) => ({ frontends: [{ name: 'f', bind: ['*:80'], ...more }], backends })
const back = (more: object) => ({ backends: [{ name: 'b', servers, ...more }] })

describe('haproxy()', () => {
  it('is read before it is moved in, and reloaded then', () => {
    const catalog = compiled({ backends })
    expect(catalog.find('file', '/etc/haproxy/haproxy.cfg')).toMatchObject({
      params: { mode: '0640', validate: ['haproxy', '-c', '-q', '-f', '%'] },
      require: ['package:haproxy'],
    })
    expect(catalog.find('service', 'haproxy')).toMatchObject({
      params: { onRefresh: 'reload' },
      subscribe: ['file:/etc/haproxy/haproxy.cfg'],
    })
  })

  it('has time limits, health checks and TLS of today by default', () => {
    const text = textOf(front({ backend: 'b' }))
    expect(text).toContain('  timeout http-request 10s\n')
    expect(text).toContain('ssl-min-ver TLSv1.2')
    expect(text).toContain('backend b\n  balance roundrobin\n  server a 10.0.0.1:80 check\n')
    expect(text).toContain('  option forwardfor\n')
  })

  it.each<[HaproxyOptions, string]>([
    [front({ backend: 'b' }), 'frontend f\n  bind *:80\n'],
    [front({ backend: 'b' }), '  default_backend b\n'],
    [front({ rules: [{ backend: 'b', when: '{ path /x }' }] }), '  use_backend b if { path /x }\n'],
    [front({ certificate: '/c.pem' }), '  bind *:80 ssl crt /c.pem alpn h2,http/1.1\n'],
    [front({ certificate: '/c.pem' }), 'X-Forwarded-Proto https\n'],
    [front({ mode: 'tcp', certificate: '/c.pem' }), '  bind *:80 ssl crt /c.pem\n  mode tcp\n'],
    [front({ httpsRedirect: true }), '  http-request redirect scheme https code 301 unless { ssl_fc }\n'],
    [front({ settings: ['maxconn 5'] }), '  maxconn 5\n'],
    [back({ balance: 'leastconn', mode: 'tcp' }), 'backend b\n  mode tcp\n  balance leastconn\n'],
    [back({ check: false }), '  server a 10.0.0.1:80\n'],
    [
      back({ check: { path: '/h' } }),
      '  http-check send meth GET uri /h\n  http-check expect status 200-399\n',
    ],
    [
      back({ check: { path: '/h', host: 'x', status: '204' } }),
      'uri /h ver HTTP/1.1 hdr Host x\n  http-check expect status 204\n',
    ],
    [back({ servers: [{ ...servers[0], options: 'backup' }] }), '  server a 10.0.0.1:80 check backup\n'],
    [back({ settings: ['cookie X'] }), '  cookie X\n'],
    [{ stats: { port: 8404 } }, '  bind 127.0.0.1:8404\n'],
    [{ stats: { port: 8404, address: '*' } }, 'prometheus-exporter'],
    [{ timeouts: { client: '1m', tunnel: '1h' } }, '  timeout client 1m\n'],
    [{ maxConnections: 50 }, '  maxconn 50\n'],
    [{ global: ['nbthread 2'] }, '  nbthread 2\n'],
    [{ defaults: ['retries 2'] }, '  retries 2\n'],
    [{ sections: 'peers p\n  peer a 1.1.1.1:1' }, 'peers p\n  peer a 1.1.1.1:1\n'],
  ])('%j', (options, expected) => {
    expect(textOf(options)).toContain(expected)
  })

  it('has a page of numbers without metrics when told so', () => {
    expect(textOf({ stats: { port: 1, prometheus: false } })).not.toContain('prometheus')
    expect(textOf({ backends })).not.toContain('stats enable')
  })

  it.each<[object, string]>([
    [front({ backend: 'none' }), 'Cannot use haproxy: frontend "f": there is no backend "none"'],
    [front({ rules: [{ backend: 'x', when: 'y' }] }), 'there is no backend "x"'],
    [{ backends: [...backends, ...backends] }, 'two backends are named "b"'],
    [back({ servers: [...servers, ...servers] }), 'backend "b": two servers are named "a"'],
    [front({ bind: ['80'] }), 'option "frontends.0.bind.0"'],
    [back({ servers: [{ name: 'a', address: 'here' }] }), 'option "backends.0.servers.0.address"'],
    [{ global: ['a\nb'] }, 'option "global.0"'],
    [{ timeouts: { client: 'long' } }, 'option "timeouts.client"'],
  ])('refuses %j', (options, said) => {
    expect(() => compiled(options as HaproxyOptions)).toThrow(said)
    expect(() => compiled(options as HaproxyOptions)).toThrow('haproxy.test.ts:')
  })
})
