/**
 * Must-fail type tests of the authoring API, checked by tsc and never run: each line under `@ts-expect-error` has to be an
 * error, and each other line has to be none.
 */
import {
  customFact,
  exec,
  facts,
  field,
  file,
  group,
  host,
  type Layer,
  layers,
  pkg,
  pool,
  type Reference,
  role,
  service,
  site,
  template,
  user,
} from 'rekindle'

const rack = customFact('rack', {
  type: 'object',
  properties: {
    row: { type: 'integer' },
    zone: { enum: ['a', 'b'] },
    spare: { type: 'array', items: { type: 'boolean' } },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
  },
  required: ['row', 'zone'],
})
// @ts-expect-error no such type
customFact('rack', { type: 'map' })

export const web = role('web', () => {
  // What authors write.
  const nginx = pkg('nginx')
  const conf = file('/etc/nginx/nginx.conf', {
    content: template('nginx.conf.eta', { workers: facts.cpu.count }),
    require: nginx,
    validate: 'nginx -t -c %',
    tags: ['front'],
    noop: false,
  })
  service('nginx', { ensure: 'running', enable: true, subscribe: [conf, nginx] })
  const groups = ['adm', 'www-data'] as const
  const deploy = user('deploy', { groups, uid: 2000 })
  group('deploy')
  exec('reload', { command: ['systemctl', 'daemon-reload'], refreshOnly: true, notify: deploy })
  const all: Reference[] = [nginx, conf, deploy]
  file(`/srv/${host.name}`, { ensure: 'directory', require: all })

  file('/b', { content: new Uint8Array([0xc0, 0xff]) })
  file('/c', { source: ['https://a/x', 'https://b/x'] as const, checksum: 'sha256:00' })

  // @ts-expect-error an unknown parameter
  file('/a', { contnet: 'x' })
  // @ts-expect-error the content as the agent gets it is the compiler's
  file('/a', { blob: { sha256: 'x', size: 1 } })
  // @ts-expect-error a mode is a string: 420 and 0o644 are the same number, and 644 is another
  file('/a', { mode: 644 })
  // @ts-expect-error a file says what it is
  file('/a')
  // @ts-expect-error a path is a string
  file(conf, {})
  // @ts-expect-error no such state
  service('nginx', { ensure: 'on' })
  // @ts-expect-error a service says what is managed of it
  service('nginx')
  // @ts-expect-error no such state
  pkg('nginx', { ensure: 'installed' })
  // @ts-expect-error a command is needed
  exec('nothing', {})
  // @ts-expect-error ids are numbers
  user('deploy', { uid: '2000' })
  // @ts-expect-error references are values, not strings
  service('nginx', { enable: true, require: 'nginx' })
  // @ts-expect-error nor what looks like one
  service('nginx', { enable: true, require: { type: 'package', title: 'nginx' } })
  // @ts-expect-error tags are strings
  pkg('nginx', { tags: [1] })
  // @ts-expect-error a value that may be missing is no content
  file('/a', { content: facts.network.interfaces.eth0?.[0] })
  // @ts-expect-error no such fact
  pkg(facts.os.flavour)
  // @ts-expect-error a package may not be installed
  file('/a', { content: facts.packages.nginx })
  // @ts-expect-error an attribute may not be given
  file('/a', { content: host.attributes.rack })
  // @ts-expect-error a host may not say it, or not as its schema wants it
  file('/a', { content: rack.value.zone })
  const { row, zone, spare = [], labels = {} } = rack.value ?? { row: 0, zone: 'a' as const }
  const said: [number, 'a' | 'b', readonly boolean[], string | undefined] = [row, zone, spare, labels.x]
  file(`/srv/rack-${said.join('-')}`, { ensure: 'directory' })
  // @ts-expect-error no such zone
  if (rack.value?.zone === 'c') pkg('never')
  // @ts-expect-error not among its members
  pkg(rack.value?.column)
})

export const data = layers({
  hierarchy: ['host/{host}', 'site'],
  schema: {
    nginx: {
      workers: field.integer({ minimum: 1 }),
      user: field.text({ optional: true }),
      mode: { fast: field.boolean() },
    },
    level: field.choice(['low', 'high'], { default: 'low' }),
    ntp: field.list(field.text(), { merge: 'unique' }),
    users: field.map({ uid: field.integer(), shell: field.text({ optional: true }) }, { merge: 'deep' }),
    raw: field.json<{ a: number }>({ type: 'object' }),
  },
})

export const reading = role('reading', () => {
  const { workers, user: owner, mode } = data.get('nginx')
  const types: [number, string | undefined, boolean] = [workers, owner, mode.fast]
  const deep: boolean = data.get('nginx.mode.fast')
  const level: 'low' | 'high' = data.get('level')
  const names: readonly string[] = data.get('ntp')
  const uid: number | undefined = data.get('users').bob?.uid
  const raw: number = data.get('raw').a
  file('/x', { content: [types, deep, level, names, uid, raw].join() })

  // @ts-expect-error no such key
  data.get('ngnix')
  // @ts-expect-error nor in a section
  data.get('nginx.wrokers')
  // @ts-expect-error a number is no text
  file('/y', { content: workers })
  // @ts-expect-error what is optional may be missing
  file('/z', { content: owner })
  // @ts-expect-error a map need not have the name
  data.get('users').bob.uid
})

export const layer = {
  nginx: { workers: 4, mode: { fast: { $remove: true } } },
  ntp: ['a', { $remove: 'b' }],
  users: { bob: { $remove: true }, eve: { shell: '/bin/zsh' } },
} satisfies Layer<typeof data>

// @ts-expect-error no such key
export const misspelt = { ngnix: {} } satisfies Layer<typeof data>
// @ts-expect-error a number is wanted
export const mistyped = { nginx: { workers: 'many' } } satisfies Layer<typeof data>
// @ts-expect-error a default fits its field
field.integer({ default: 'many' })
// @ts-expect-error a default is one of the choices
field.choice(['a', 'b'], { default: 'c' })
// @ts-expect-error lists are not merged deep
field.list(field.text(), { merge: 'deep' })
// @ts-expect-error a schema is made of fields
layers({ hierarchy: ['site'], schema: { a: 'text' } })

// @ts-expect-error a role has a name
role(() => {})
// @ts-expect-error a rule gives a role, not its name
site({ hosts: [{ match: 'web-*', role: 'web' }] })
// @ts-expect-error a rule has a role
site({ hosts: [{ match: 'web-*' }] })
// @ts-expect-error a rule has at least one role
site({ hosts: [{ match: 'web-*', roles: [] }] })
// @ts-expect-error a condition names a fact or an attribute
site({ hosts: [{ match: 'web-*', when: { 'os.id': 'debian' }, role: web }] })
site({
  hosts: [{ match: '*', when: { 'facts.os.id': ['debian', /^u/], 'host.attributes.a': 'b' }, role: web }],
})
// @ts-expect-error a rule has one role, or a list of them
site({ hosts: [{ match: 'web-*', role: web, roles: [web] }] })
site({ hosts: [{ match: ['web-*', /^app\d+$/], roles: [web, reading] }] })
// @ts-expect-error a site has hosts
site({})
// @ts-expect-error no such order
pool('web', { order: 'rolling' })
// @ts-expect-error no such option
pool('web', { cooldown: 5 })
// @ts-expect-error a health check has a port
pool('web', { health: [{ path: '/' }] })

export default site({
  pools: [pool('web', { order: 'surge', drift: 'rebuild', health: [{ port: 80, path: '/' }] })],
  hosts: [{ match: 'web-*', role: web, pool: 'web' }],
})
