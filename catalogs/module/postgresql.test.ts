import { describe, expect, it } from 'vitest'
import { role } from '../api/role.ts'
import { type CompileOptions, compile } from '../api/testing.ts'
import { scramVerifier } from './part/scram.ts'
import { type PostgresqlOptions, postgresql } from './postgresql.ts'

const compiled = (options?: PostgresqlOptions, facts: CompileOptions = {}) =>
  compile(
    role('r', () => {
      postgresql(options)
    }),
    facts,
  )
const conf = '/etc/postgresql/15/main/conf.d/90-rekindle.conf'
const textOf = (options: PostgresqlOptions) => compiled(options).find('file', conf).content
const access = (options: PostgresqlOptions) =>
  compiled(options).find('file', '/etc/postgresql/15/main/pg_hba.conf').content?.split('\n').slice(1, -1)
const sqlOf = (options: PostgresqlOptions, title: string) => {
  const { command, unless } = compiled(options).find('exec', title).params
  return { command: String(command), unless: String(unless) }
}

it('scramVerifier() is what PostgreSQL makes of a password', () => {
  const verifier = scramVerifier('pencil', 'x')
  expect(verifier).toMatch(/^SCRAM-SHA-256\$4096:[\w+/]{22}==\$[\w+/]{43}=:[\w+/]{43}=$/)
  expect(scramVerifier('pencil', 'x')).toBe(verifier)
  expect(scramVerifier('pencil', 'y')).not.toBe(verifier)
  expect(scramVerifier(verifier, 'y')).toBe(verifier)
})

describe('postgresql()', () => {
  it('has the version of the distribution, settings beside its own, and is reloaded', () => {
    const catalog = compiled({ settings: { shared_buffers: '1GB' } })
    expect(catalog.ids).toEqual([
      'package:postgresql-15',
      `file:${conf}`,
      'file:/etc/postgresql/15/main/pg_hba.conf',
      'service:postgresql',
      'service:postgresql@15-main',
      'exec:restart PostgreSQL 15 for settings that need it',
    ])
    expect(catalog.find('file', conf).params).toMatchObject({ owner: 'postgres', mode: '0640' })
    expect(catalog.find('service', 'postgresql@15-main').params.onRefresh).toBe('reload')
    const trixie = { facts: { os: { release: '13' } } }
    expect(compiled({}, trixie).ids).toContain('package:postgresql-17')
    expect(compiled({ version: 16 }).ids).toContain('package:postgresql-16')
  })

  it('writes settings so that no value ends early', () => {
    const settings = { a: 1, b: true, c: "it's", d: ['x', 'y'], 'e.f': 'back\\slash' }
    expect(textOf({ settings })?.split('\n').slice(1, -1)).toEqual([
      'a = 1',
      'b = on',
      "c = 'it''s'",
      "d = 'x, y'",
      "e.f = 'back\\\\slash'",
    ])
  })

  it('leaves a restart to people when told so', () => {
    const title = 'restart PostgreSQL 15 for settings that need it'
    expect(compiled({ restart: false }).find('exec', title).noop).toBe(true)
    expect(compiled({}).find('exec', title).noop).toBeUndefined()
  })

  it('always lets the administrator in first', () => {
    expect(access({})).toEqual([
      'local\tall\tpostgres\tpeer',
      'local\tall\tall\tpeer',
      'host\tall\tall\t127.0.0.1/32\tscram-sha-256',
      'host\tall\tall\t::1/128\tscram-sha-256',
    ])
    const rows = [
      { database: 'shop', user: '+staff', from: '10.0.0.0/8' },
      { type: 'hostssl', from: 'all', method: 'cert', options: 'map=m' },
    ] as const
    expect(access({ access: rows, localAccess: false })).toEqual([
      'local\tall\tpostgres\tpeer',
      'host\tshop\t+staff\t10.0.0.0/8\tscram-sha-256',
      'hostssl\tall\tall\tall\tcert\tmap=m',
    ])
  })

  it('gives roles their rights, and takes those that are not named', () => {
    const { command, unless } = sqlOf(
      { roles: { a: { superuser: true, createDatabases: true, connections: 5, memberOf: ['g'] } } },
      'PostgreSQL role a',
    )
    expect(command).toContain(
      'ALTER ROLE "a" LOGIN SUPERUSER CREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 5;',
    )
    expect(command).toContain('GRANT "g" TO "a";')
    expect(unless).toContain('rolsuper = true AND rolcreatedb = true AND rolcreaterole = false')
    const other = sqlOf(
      { roles: { a: { login: false, createRoles: true, replication: true } } },
      'PostgreSQL role a',
    )
    expect(other.command).toContain('NOLOGIN NOSUPERUSER NOCREATEDB CREATEROLE REPLICATION')
  })

  it('has neither password nor verifier in what is run, and shows nothing of it', () => {
    const { params } = compiled({ roles: { a: { password: 'secret' } } }, { host: 'db-1' }).find(
      'exec',
      'PostgreSQL role a',
    )
    expect(params).toMatchObject({ sensitive: true, env: { VERIFIER: scramVerifier('secret', 'db-1 a') } })
    expect(`${params.command} ${params.unless}`).not.toMatch(/secret|SCRAM/)
    expect(JSON.stringify(params)).not.toContain('secret')
  })

  it('makes a role after those that it is a member of, and databases after roles', () => {
    const catalog = compiled({
      roles: { a: { memberOf: ['b'] }, b: { memberOf: ['c'] }, c: {} },
      databases: { d: { owner: 'a', extensions: ['hstore'] } },
    })
    expect(catalog.ids.slice(6)).toEqual([
      'exec:PostgreSQL role c',
      'exec:PostgreSQL role b',
      'exec:PostgreSQL role a',
      'exec:PostgreSQL database d',
      'exec:PostgreSQL extensions of d',
    ])
    expect(catalog.find('exec', 'PostgreSQL database d').require).toContain('exec:PostgreSQL role a')
    expect(catalog.find('exec', 'PostgreSQL extensions of d').params.command).toContain('--dbname d <<')
  })

  it('lets nobody connect but the owner and those who are named', () => {
    const { command } = sqlOf(
      { databases: { d: { owner: 'a', encoding: 'LATIN1', locale: 'C', connect: ['b', 'public'] } } },
      'PostgreSQL database d',
    )
    expect(command).toContain(`OWNER "a" ENCODING ''LATIN1'' LOCALE ''C'' TEMPLATE template0`)
    expect(command).toContain('GRANT CONNECT, TEMPORARY ON DATABASE "d" TO "b";')
    expect(command).toContain('GRANT CONNECT, TEMPORARY ON DATABASE "d" TO PUBLIC;')
  })

  it('removes what is to be absent', () => {
    const gone = { roles: { a: { ensure: 'absent' } }, databases: { d: { ensure: 'absent' } } } as const
    expect(sqlOf(gone, 'PostgreSQL role a').command).toContain('DROP ROLE IF EXISTS "a";')
    expect(sqlOf(gone, 'PostgreSQL database d').command).toContain('DROP DATABASE IF EXISTS "d";')
  })

  it.each<[object, string]>([
    [{ settings: { data_directory: '/x' } }, 'option "settings.data_directory": it stays the cluster\'s own'],
    [{ settings: { 'a b': 1 } }, 'option "settings"'],
    [{ access: [{}] }, 'option "access.0": it needs "from"'],
    [{ access: [{ type: 'local', from: '::1/128' }] }, '"from" does not go with "local"'],
    [{ access: [{ from: '10.0.0.0/8', user: 'a b' }] }, 'option "access.0.user"'],
    [{ roles: { 'a"b': {} } }, 'option "roles"'],
    [{ roles: { a: { memberOf: ["x'y"] } } }, 'option "roles.a.memberOf.0"'],
    [
      { roles: { a: { ensure: 'absent' } }, databases: { d: { owner: 'a' } } },
      'its owner "a" is to be absent',
    ],
    [{ databases: { d: { extensions: ['a;b'] } } }, 'option "databases.d.extensions.0"'],
  ])('refuses %j', (options, said) => {
    expect(() => compiled(options as PostgresqlOptions)).toThrow(said)
    expect(() => compiled(options as PostgresqlOptions)).toThrow('postgresql.test.ts:')
  })

  it('asks for the version where it is not known', () => {
    expect(() => compiled({}, { facts: { os: { id: 'debian', release: '99' } } })).toThrow(
      'which version debian 99 has is not known: give "version"',
    )
  })
})
