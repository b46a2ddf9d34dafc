/**
 * SQL that brings roles and databases about, each with the question whether it is so already: `t` when it is. Names have
 * passed a pattern without quotes. Pure.
 */
import type { Checked } from './declare.ts'

type Postgresql = Checked<'module/postgresql'>
type Role = NonNullable<Postgresql['roles']>[string]
type Database = NonNullable<Postgresql['databases']>[string]

export interface Sql {
  readonly question: string
  readonly act: string
}

/** `:'verifier'` stands for what psql reads from its environment. */
export function roleSql(name: string, role: Role): Sql {
  if (role.ensure === 'absent')
    return {
      question: `SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${name}');`,
      act: `DROP ROLE IF EXISTS "${name}";`,
    }
  const { memberOf = [], connections = -1, password } = role
  const flags = [
    ['rolcanlogin', 'LOGIN', role.login ?? true],
    ['rolsuper', 'SUPERUSER', role.superuser ?? false],
    ['rolcreatedb', 'CREATEDB', role.createDatabases ?? false],
    ['rolcreaterole', 'CREATEROLE', role.createRoles ?? false],
    ['rolreplication', 'REPLICATION', role.replication ?? false],
  ] as const
  const conditions = [
    `rolname = '${name}'`,
    ...flags.map(([column, , value]) => `${column} = ${value}`),
    `rolconnlimit = ${connections}`,
    ...(password === undefined ? [] : [`rolpassword = :'verifier'`]),
    sameNames(groupsOf('pg_authid.oid'), memberOf),
  ]
  const words = flags.map(([, word, value]) => (value ? word : `NO${word}`)).join(' ')
  const secret = password === undefined ? '' : ` PASSWORD :'verifier'`
  return {
    question: `SELECT EXISTS (SELECT FROM pg_authid WHERE ${conditions.join(' AND ')});`,
    act: [
      `SELECT 'CREATE ROLE "${name}"' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${name}') \\gexec`,
      `ALTER ROLE "${name}" ${words} CONNECTION LIMIT ${connections}${secret};`,
      `SELECT format('REVOKE %I FROM "${name}"', was) FROM unnest(${groupsOf(`'"${name}"'::regrole`)}) was WHERE was <> ALL (${names(memberOf)}) \\gexec`,
      ...memberOf.map((group) => `GRANT "${group}" TO "${name}";`),
    ].join('\n'),
  }
}

/** The names of the roles that a role is a member of. */
function groupsOf(role: string): string {
  return `ARRAY(SELECT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = ${role})`
}

function names(list: readonly string[]): string {
  return `ARRAY[${list.map((name) => `'${name}'`).join(', ')}]::text[]`
}

/** Whatever their order. */
function sameNames(actual: string, wanted: readonly string[]): string {
  return `${actual} @> ${names(wanted)} AND ${actual} <@ ${names(wanted)}`
}

export function databaseSql(name: string, database: Database): Sql {
  if (database.ensure === 'absent')
    return {
      question: `SELECT NOT EXISTS (SELECT FROM pg_database WHERE datname = '${name}');`,
      act: `DROP DATABASE IF EXISTS "${name}";`,
    }
  const { owner = 'postgres', encoding = 'UTF8', locale = 'C.UTF-8', connect = [] } = database
  const made = `ENCODING ''${encoding}'' LOCALE ''${locale}'' TEMPLATE template0`
  return {
    question: `SELECT EXISTS (SELECT FROM pg_database WHERE datname = '${name}' AND datdba = (SELECT oid FROM pg_roles WHERE rolname = '${owner}') AND ${sameNames(connectors, connect)});`,
    act: [
      `SELECT 'CREATE DATABASE "${name}" OWNER "${owner}" ${made}' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '${name}') \\gexec`,
      `ALTER DATABASE "${name}" OWNER TO "${owner}";`,
      `SELECT format('REVOKE ALL ON DATABASE "${name}" FROM %s', CASE was WHEN 'public' THEN was ELSE quote_ident(was) END) FROM (SELECT unnest(${connectors}) was FROM pg_database WHERE datname = '${name}') w WHERE was <> ALL (${names(connect)}) \\gexec`,
      ...connect.map((role) => `GRANT CONNECT, TEMPORARY ON DATABASE "${name}" TO ${grantee(role)};`),
    ].join('\n'),
  }
}

/** Everybody has a name that is none of a role. */
function grantee(role: string): string {
  return role === 'public' ? 'PUBLIC' : `"${role}"`
}

/** Who may connect, besides the owner. */
const connectors = `ARRAY(SELECT DISTINCT coalesce(g.rolname::text, 'public') FROM aclexplode(coalesce(datacl, acldefault('d', datdba))) a LEFT JOIN pg_roles g ON g.oid = a.grantee WHERE a.privilege_type = 'CONNECT' AND a.grantee <> datdba)`

/** Is asked and run in the database itself. */
export function extensionSql(extensions: readonly string[]): Sql {
  return {
    question: `SELECT ${names(extensions)} <@ ARRAY(SELECT extname::text FROM pg_extension);`,
    act: extensions.map((name) => `CREATE EXTENSION IF NOT EXISTS "${name}" CASCADE;`).join('\n'),
  }
}

export const noRestartPending: string = 'SELECT NOT EXISTS (SELECT FROM pg_settings WHERE pending_restart);'
