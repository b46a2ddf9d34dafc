/** Files of nginx as text. Pure. */
import type { Checked } from './declare.ts'

type Nginx = Checked<'module/nginx'>
type Site = NonNullable<Nginx['sites']>[number]
type Location = NonNullable<Site['locations']>[number]
type Value = string | number | boolean | readonly string[]
type Settings = Readonly<Record<string, Value>>

const note = '# Managed by Rekindle: changes made here by hand go away.\n'

/** nginx.conf. What it includes is named relative to it, so that a copy of the folder can be tried. */
export function renderMain(options: Nginx, user: string): string {
  const { workers = 'auto', connections = 1024, gzip = true, settings = {}, mainSettings = {} } = options
  const main = {
    user,
    worker_processes: workers,
    pid: '/run/nginx.pid',
    error_log: '/var/log/nginx/error.log',
  }
  const http = { ...base, ...tls, ...proxying, ...(gzip ? compression : {}), ...settings }
  return [
    `${note}${directives({ ...main, ...mainSettings, include: 'modules-enabled/*.conf' })}`,
    block('events', directives({ worker_connections: connections })),
    block(
      'http',
      `include mime.types;\n${directives(http)}${upgrade}include conf.d/*.conf;\ninclude sites-enabled/*;\n`,
    ),
  ].join('\n')
}

const base: Settings = {
  default_type: 'application/octet-stream',
  sendfile: true,
  tcp_nopush: true,
  types_hash_max_size: 2048,
  server_tokens: false,
  access_log: '/var/log/nginx/access.log',
}

/** Mozilla's intermediate configuration. */
const tls: Settings = {
  ssl_protocols: 'TLSv1.2 TLSv1.3',
  ssl_ciphers:
    'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305',
  ssl_prefer_server_ciphers: false,
  ssl_session_cache: 'shared:SSL:10m',
  ssl_session_timeout: '1d',
  ssl_session_tickets: false,
}

const proxying: Settings = {
  proxy_http_version: '1.1',
  proxy_set_header: [
    'Host $host',
    'X-Real-IP $remote_addr',
    'X-Forwarded-For $proxy_add_x_forwarded_for',
    'X-Forwarded-Proto $scheme',
    'Upgrade $http_upgrade',
    'Connection $connection_upgrade',
  ],
}

/** Web sockets ask for it; other connections to servers behind are kept. */
const upgrade = `map $http_upgrade $connection_upgrade {\n  default upgrade;\n  '' '';\n}\n`

const compression: Settings = {
  gzip: true,
  gzip_vary: true,
  gzip_proxied: 'any',
  gzip_types:
    'text/plain text/css text/xml application/json application/javascript application/xml image/svg+xml',
}

/** A file of sites-enabled. */
export function renderSite(site: Site): string {
  if (site.content !== undefined) return site.content.endsWith('\n') ? site.content : `${site.content}\n`
  return [note, upstreamOf(site), plainHttp(site), block('server', server(site))].filter(Boolean).join('')
}

function upstreamOf({ name, upstream }: Site): string {
  if (upstream === undefined) return ''
  return block(upstreamName(name), `least_conn;\n${directives({ server: upstream })}keepalive 16;\n`)
}

function upstreamName(name: string): string {
  return `upstream site_${name}`
}

/** What leads plain HTTP to a site that has TLS. */
function plainHttp(site: Site): string {
  if (site.tls === undefined || site.tls.redirect === false) return ''
  return block(
    'server',
    `${listens([80], site)}${directives({ server_name: namesOf(site), return: '301 https://$host$request_uri' })}`,
  )
}

function server(site: Site): string {
  const { tls: own, listen = [own === undefined ? 80 : 443], settings = {} } = site
  const directive = {
    server_name: namesOf(site),
    ...served(site),
    ...(own === undefined ? {} : secured(own)),
  }
  return `${listens(listen, site, own === undefined ? '' : ' ssl http2')}${directives({ ...directive, ...settings })}${locations(site)}`
}

function namesOf({ names = ['_'] }: Site): string {
  return names.join(' ')
}

function served({ root, index = ['index.html'], redirect, maxBody }: Site): Settings {
  return {
    ...(root === undefined ? {} : { root, index: index.join(' ') }),
    ...(redirect === undefined ? {} : { return: `301 ${redirect.replace(/\/$/, '')}$request_uri` }),
    ...(maxBody === undefined ? {} : { client_max_body_size: maxBody }),
  }
}

function secured({ certificate, key, hsts = 0 }: NonNullable<Site['tls']>): Settings {
  return {
    ssl_certificate: certificate,
    ssl_certificate_key: key,
    ...(hsts === 0 ? {} : { add_header: `Strict-Transport-Security "max-age=${hsts}" always` }),
  }
}

/** A port alone is one of both families. */
function listens(
  given: readonly (string | number)[],
  { default: isDefault = false }: Site,
  more = '',
): string {
  const addresses = given.flatMap((one) => (typeof one === 'number' ? [one, `[::]:${one}`] : [one]))
  return addresses
    .map((address) => `listen ${address}${more}${isDefault ? ' default_server' : ''};\n`)
    .join('')
}

function locations({ name, proxy, upstream, locations: own = [] }: Site): string {
  const behind = upstream === undefined ? proxy : `http://${upstreamName(name).split(' ')[1]}`
  const all = behind === undefined ? own : [...own, { path: '/', proxy: behind }]
  return all.map(renderLocation).join('')
}

function renderLocation({ path, root, proxy, respond, settings = {} }: Location): string {
  const own = {
    ...(root === undefined ? {} : { root }),
    ...(proxy === undefined ? {} : { proxy_pass: proxy }),
    ...(respond === undefined ? {} : { return: respond }),
  }
  return block(`location ${path}`, directives({ ...own, ...settings }))
}

function directives(settings: Settings): string {
  return Object.entries(settings)
    .flatMap(([name, value]) =>
      (typeof value === 'object' ? value : [value]).map((one) => `${name} ${render(one)};\n`),
    )
    .join('')
}

function render(value: string | number | boolean): string {
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value)
}

function block(head: string, body: string): string {
  return `${head} {\n${body.replace(/^(?=.)/gm, '  ')}}\n`
}
