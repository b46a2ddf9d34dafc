/** The balancer HAProxy. */
import type { Container } from '../api/reference.ts'
import { file } from '../api/resource/file.ts'
import { pkg } from '../api/resource/package.ts'
import { service } from '../api/resource/service.ts'
import { type Checked, declareModule, type ModuleOptions, type Wrong } from './part/declare.ts'
import { repeated } from './part/repeated.ts'

export type HaproxyOptions = ModuleOptions<'module/haproxy'>
type Haproxy = Checked<'module/haproxy'>
type Frontend = NonNullable<Haproxy['frontends']>[number]
type Backend = NonNullable<Haproxy['backends']>[number]

/**
 * HAProxy with what it listens to and where requests go.
 *
 * @example
 * haproxy({
 *   frontends: [{ name: 'web', bind: ['*:80'], backend: 'shop' }],
 *   backends: [{ name: 'shop', servers: [{ name: 'web-1', address: '10.0.0.1:8080' }] }],
 * })
 */
export function haproxy(options: HaproxyOptions): Container {
  return declareModule({ name: 'haproxy', schema: 'module/haproxy', options, wrong, declare: declareHaproxy })
}

function wrong({ frontends = [], backends = [], sections = '' }: Haproxy): readonly Wrong[] {
  const known = backends.map(({ name }) => name)
  // Sections that stand as text may hold backends too.
  const isKnown = (name: string) => known.includes(name) || sections.includes(name)
  return [
    ...repeated(frontends.map(({ name }) => name)).map((name) => `two frontends are named "${name}"`),
    ...repeated(known).map((name) => `two backends are named "${name}"`),
    ...frontends.flatMap(({ name, backend, rules = [] }) =>
      [backend ?? [], ...rules.map((rule) => rule.backend)]
        .flat()
        .filter((one) => !isKnown(one))
        .map((one) => `frontend "${name}": there is no backend "${one}"`),
    ),
    ...backends.flatMap(({ name, servers }) =>
      repeated(servers.map((server) => server.name)).map(
        (server) => `backend "${name}": two servers are named "${server}"`,
      ),
    ),
  ]
}

function declareHaproxy(options: Haproxy): void {
  const balancer = pkg('haproxy')
  const conf = file('/etc/haproxy/haproxy.cfg', {
    ...{ content: renderHaproxy(options), owner: 'root', group: 'root', mode: '0640' },
    validate: ['haproxy', '-c', '-q', '-f', '%'],
    require: balancer,
  })
  service('haproxy', { ensure: 'running', enable: true, onRefresh: 'reload', subscribe: conf })
}

function renderHaproxy(options: Haproxy): string {
  const { frontends = [], backends = [], sections } = options
  return [
    '# Managed by Rekindle: changes made here by hand go away.\n',
    section('global', globals(options)),
    section('defaults', defaults(options)),
    ...frontends.map((one) => section(`frontend ${one.name}`, frontend(one))),
    ...backends.map((one) => section(`backend ${one.name}`, backend(one))),
    ...(options.stats === undefined ? [] : [section('frontend stats', stats(options.stats))]),
    ...(sections === undefined ? [] : [`${sections.trimEnd()}\n`]),
  ].join('\n')
}

function globals({ maxConnections, global: more = [] }: Haproxy): readonly string[] {
  return [
    'log /dev/log local0',
    'log /dev/log local1 notice',
    'chroot /var/lib/haproxy',
    'stats socket /run/haproxy/admin.sock mode 660 level admin',
    'user haproxy',
    'group haproxy',
    'daemon',
    ...(maxConnections === undefined ? [] : [`maxconn ${maxConnections}`]),
    'ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets',
    'ssl-default-server-options ssl-min-ver TLSv1.2',
    ...more,
  ]
}

function defaults({ timeouts = {}, defaults: more = [] }: Haproxy): readonly string[] {
  const times = { connect: '5s', client: '50s', server: '50s', 'http-request': '10s', ...timeouts }
  return [
    'log global',
    'mode http',
    'option httplog',
    'option dontlognull',
    ...Object.entries(times).map(([name, time]) => `timeout ${name} ${time}`),
    ...more,
  ]
}

function frontend(options: Frontend): readonly string[] {
  const { bind, mode = 'http', certificate, httpsRedirect = false, rules = [], settings = [] } = options
  const tls = certificate === undefined ? '' : ` ssl crt ${certificate} alpn h2,http/1.1`
  return [
    ...bind.map((address) => `bind ${address}${mode === 'tcp' ? tls.replace(/ alpn.*/, '') : tls}`),
    ...(mode === 'http' ? ['option forwardfor', ...forwarded(certificate)] : ['mode tcp', 'option tcplog']),
    ...(httpsRedirect ? ['http-request redirect scheme https code 301 unless { ssl_fc }'] : []),
    ...rules.map((rule) => `use_backend ${rule.backend} if ${rule.when}`),
    ...(options.backend === undefined ? [] : [`default_backend ${options.backend}`]),
    ...settings,
  ]
}

/** What a client says of itself is not believed. */
function forwarded(certificate: string | undefined): readonly string[] {
  const scheme = certificate === undefined ? 'http' : 'https'
  return [`http-request set-header X-Forwarded-Proto ${scheme}`]
}

function backend(options: Backend): readonly string[] {
  const { mode = 'http', balance = 'roundrobin', check = true, servers, settings = [] } = options
  return [
    ...(mode === 'tcp' ? ['mode tcp'] : []),
    `balance ${balance}`,
    ...(typeof check === 'object' ? httpCheck(check) : []),
    ...settings,
    ...servers.map(({ name, address, options: more }) =>
      ['server', name, address, ...(check === false ? [] : ['check']), more].filter(Boolean).join(' '),
    ),
  ]
}

function httpCheck({
  path,
  host,
  status = '200-399',
}: Exclude<NonNullable<Backend['check']>, boolean>): readonly string[] {
  const header = host === undefined ? '' : ` ver HTTP/1.1 hdr Host ${host}`
  return [
    'option httpchk',
    `http-check send meth GET uri ${path}${header}`,
    `http-check expect status ${status}`,
  ]
}

function stats({
  port,
  address = '127.0.0.1',
  prometheus = true,
}: NonNullable<Haproxy['stats']>): readonly string[] {
  return [
    `bind ${address}:${port}`,
    'option dontlog-normal',
    ...(prometheus ? ['http-request use-service prometheus-exporter if { path /metrics }'] : []),
    'stats enable',
    'stats uri /',
    'stats refresh 10s',
  ]
}

function section(head: string, lines: readonly string[]): string {
  return `${head}\n${lines.map((line) => `  ${line}\n`).join('')}`
}
