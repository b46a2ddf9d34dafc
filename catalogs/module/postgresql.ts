/** A PostgreSQL server: settings, access, roles and databases. */
import { facts, host } from '../api/facts.ts'
import type { Container, Reference } from '../api/reference.ts'
import { exec } from '../api/resource/exec.ts'
import { file } from '../api/resource/file.ts'
import { pkg } from '../api/resource/package.ts'
import { service } from '../api/resource/service.ts'
import { type Checked, declareModule, type ModuleOptions, type Wrong } from './part/declare.ts'
import { databaseSql, extensionSql, noRestartPending, roleSql, type Sql } from './part/postgresql-sql.ts'
import { scramVerifier } from './part/scram.ts'

export type PostgresqlOptions = ModuleOptions<'module/postgresql'>
type Postgresql = Checked<'module/postgresql'>
type Access = NonNullable<Postgresql['access']>[number]
type Role = NonNullable<Postgresql['roles']>[string]
type Value = NonNullable<Postgresql['settings']>[string]

/** The version that a release of a distribution brings. */
const versions: Readonly<Record<string, number>> = {
  'debian 11': 13,
  'debian 12': 15,
  'debian 13': 17,
  'ubuntu 20.04': 12,
  'ubuntu 22.04': 14,
  'ubuntu 24.04': 16,
}

/**
 * A PostgreSQL server with its roles and databases.
 *
 * @example postgresql({ roles: { shop: { password } }, databases: { shop: { owner: 'shop' } } })
 */
export function postgresql(options: PostgresqlOptions = {}): Container {
  return declareModule({
    name: 'postgresql',
    schema: 'module/postgresql',
    options,
    wrong,
    declare: declareServer,
  })
}

function versionOf({ version }: Postgresql): number | undefined {
  return version ?? versions[`${facts.os.id} ${facts.os.release}`]
}

function wrong(options: Postgresql): readonly Wrong[] {
  const { settings = {}, access = [], databases = {}, roles = {} } = options
  const gone = Object.keys(roles).filter((name) => roles[name]?.ensure === 'absent')
  const { id, release } = facts.os
  return [
    ...(versionOf(options) === undefined
      ? [`which version ${id} ${release} has is not known: give "version"`]
      : []),
    ...['hba_file', 'data_directory', 'config_file']
      .filter((name) => Object.hasOwn(settings, name))
      .map((name) => `option "settings.${name}": it stays the cluster's own`),
    ...access.flatMap(wrongAccess),
    ...Object.entries(databases)
      .filter(([, { owner, ensure }]) => ensure !== 'absent' && gone.includes(owner ?? ''))
      .map(([name, { owner }]) => `database "${name}": its owner "${owner}" is to be absent`),
  ]
}

function wrongAccess({ type = 'host', from }: Access, at: number): readonly string[] {
  if (type === 'local')
    return from === undefined ? [] : [`option "access.${at}": "from" does not go with "local"`]
  return from === undefined ? [`option "access.${at}": it needs "from"`] : []
}

function declareServer(options: Postgresql): void {
  // Checked above.
  const version = versionOf(options) ?? 0
  const { roles = {}, databases = {}, restart = true } = options
  const running = declareCluster(version, options)
  const psql = (database = 'postgres') => psqlOf(version, database)
  const ready = exec(`restart PostgreSQL ${version} for settings that need it`, {
    command: ['systemctl', 'restart', `postgresql@${version}-main`],
    unless: asking(psql(), noRestartPending, 'su postgres -s /bin/sh'),
    cwd: '/',
    require: running,
    ...(restart ? {} : { noop: true }),
  })
  const after = restart ? ready : running
  const made = groupsFirst(roles).map(([name, role]) => {
    const { password } = role
    const secret =
      password === undefined
        ? {}
        : { sensitive: true, env: { VERIFIER: scramVerifier(password, `${host.name} ${name}`) } }
    return declareSql(`PostgreSQL role ${name}`, psql(), roleSql(name, role), { require: after, ...secret })
  })
  for (const [name, database] of Object.entries(databases)) {
    const { ensure, extensions = [] } = database
    const there = declareSql(`PostgreSQL database ${name}`, psql(), databaseSql(name, database), {
      require: [after, ...made],
    })
    if (ensure !== 'absent' && extensions.length > 0)
      declareSql(`PostgreSQL extensions of ${name}`, psql(name), extensionSql(extensions), { require: there })
  }
}

/** A role after those that it is a member of. */
function groupsFirst(roles: NonNullable<Postgresql['roles']>): readonly (readonly [string, Role])[] {
  const done = new Map<string, Role>()
  const seen = new Set<string>()
  const add = (name: string) => {
    const role = roles[name]
    if (role === undefined || seen.has(name)) return
    seen.add(name)
    for (const group of role.memberOf ?? []) add(group)
    done.set(name, role)
  }
  for (const name of Object.keys(roles)) add(name)
  return [...done]
}

function declareCluster(version: number, options: Postgresql): Reference {
  const folder = `/etc/postgresql/${version}/main`
  const server = pkg(`postgresql-${version}`)
  const own = { owner: 'postgres', group: 'postgres', mode: '0640', require: server }
  const settings = file(`${folder}/conf.d/90-rekindle.conf`, {
    ...own,
    content: renderSettings(options.settings ?? {}),
    // As the first option, it lets root ask.
    validate: [
      `/usr/lib/postgresql/${version}/bin/postgres`,
      '-C',
      'port',
      '-D',
      folder,
      '-c',
      'config_file=%',
    ],
  })
  const access = file(`${folder}/pg_hba.conf`, { ...own, content: renderAccess(options) })
  // This one starts the clusters at boot.
  service('postgresql', { enable: true, require: server })
  return service(`postgresql@${version}-main`, {
    ensure: 'running',
    onRefresh: 'reload',
    subscribe: [settings, access],
  })
}

function renderSettings(settings: Readonly<Record<string, Value>>): string {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${renderValue(value)}\n`)
  return ['# Managed by Rekindle: changes made here by hand go away.\n', ...lines].join('')
}

function renderValue(value: Value): string {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  const text = typeof value === 'string' ? value : value.join(', ')
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

function renderAccess({ access = [], localAccess = true }: Postgresql): string {
  const local: readonly Access[] = [{ type: 'local' }, { from: '127.0.0.1/32' }, { from: '::1/128' }]
  const all: readonly Access[] = [
    { type: 'local', user: 'postgres' },
    ...access,
    ...(localAccess ? local : []),
  ]
  return `# Managed by Rekindle: changes made here by hand go away.\n${all.map(renderLine).join('')}`
}

function renderLine({ type = 'host', database = 'all', user = 'all', from, ...rest }: Access): string {
  const { method = type === 'local' ? 'peer' : 'scram-sha-256', options } = rest
  return `${[type, database, user, from, method, options].filter((word) => word !== undefined).join('\t')}\n`
}

/**
 * Debian's own wrapper takes the port from the configuration, which may not be the running server's yet; that one notes
 * its port and its socket's folder in the fourth and fifth line of this file.
 */
function psqlOf(version: number, database: string): string {
  const at = (line: number) => `"$(sed -n ${line}p /var/lib/postgresql/${version}/main/postmaster.pid)"`
  const how = '--no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1'
  return `/usr/lib/postgresql/${version}/bin/psql --host ${at(5)} --port ${at(4)} ${how} --dbname ${database}`
}

interface SqlOptions {
  readonly require: Reference | readonly Reference[]
  readonly sensitive?: boolean
  readonly env?: Readonly<Record<string, string>>
}

/** SQL goes by standard input, and the verifier by the environment: arguments of processes are everybody's to read. */
function declareSql(title: string, psql: string, { question, act }: Sql, options: SqlOptions): Reference {
  const verifier = options.sensitive === true ? readVerifier : ''
  return exec(title, {
    command: `${psql} <<'SQL'\n${verifier}${act}\nSQL`,
    unless: asking(psql, `${verifier}${question}`),
    user: 'postgres',
    cwd: '/',
    ...options,
  })
}

const readVerifier = '\\set verifier `printf %s "$VERIFIER"`\n'

/** Exits 0 when the answer is yes. */
function asking(psql: string, question: string, shell = ''): string {
  const prefix = shell === '' ? psql : `${shell} -c '${psql}'`
  return `${prefix} <<'SQL' | grep -qx t\n${question}\nSQL`
}
