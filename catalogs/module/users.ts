/** People and what they may do. */

import { isSshKeyType, wrongSshKey } from '../../schemas/ssh-key.ts'
import type { Container } from '../api/reference.ts'
import { group, user } from '../api/resource/account.ts'
import { sudoers } from '../api/resource/cron.ts'
import { pkg } from '../api/resource/package.ts'
import { sshAuthorizedKey } from '../api/resource/ssh.ts'
import { type Checked, declareModule, type ModuleOptions, type Wrong } from './part/declare.ts'
import { yielding } from './part/yielding.ts'

export type UsersOptions = ModuleOptions<'module/users'>
type Users = Checked<'module/users'>
type Person = NonNullable<Users['people']>[string]
type Key = NonNullable<Person['keys']>[number]
type KeyType = 'ssh-ed25519'

/**
 * Accounts of people with their keys, groups and sudo, and accounts that are to go.
 *
 * @example users({ people: { ada: { groups: ['admins'], keys: ['ssh-ed25519 AAAA... ada@laptop'] } }, groups: { admins: { sudo: true } } })
 */
export function users(options: UsersOptions): Container {
  return declareModule({ name: 'users', schema: 'module/users', options, wrong, declare: declareUsers })
}

function wrong({ people = {}, absent = [] }: Users): readonly Wrong[] {
  const both = absent.filter((name) => Object.hasOwn(people, name))
  const keys = Object.entries(people).flatMap(([name, { keys: lines = [] }]) =>
    lines.flatMap((line, at) => wrongKey(line, `people.${name}.keys.${at}`)),
  )
  return [...both.map((name) => `option "absent": ${name} stands in "people" too`), ...keys]
}

/** What a public key is refused for never shows it. */
function wrongKey(given: Key, option: string): readonly Wrong[] {
  const line = lineOf(given)
  if (/PRIVATE KEY/.test(line))
    return [`option "${option}": it is a private key: give the public one, and replace the pair`]
  const [type = '', key = ''] = line.trim().split(/\s+/)
  if (!isSshKeyType(type))
    return [`option "${option}": it does not begin with a type of key, such as ssh-ed25519`]
  const reason = wrongSshKey(type, key)
  return reason === undefined ? [] : [`option "${option}": ${reason}`]
}

function lineOf(key: Key): string {
  return typeof key === 'string' ? key : key.key
}

function declareUsers({ people = {}, groups = {}, absent = [], ...options }: Users): void {
  for (const [name, { gid, sudo }] of Object.entries(groups)) {
    group(name, gid === undefined ? {} : { gid })
    allow(`group-${name}`, sudo, { group: name, noPassword: true })
  }
  for (const [name, person] of Object.entries(people)) declarePerson(name, person, options.purgeKeys ?? true)
  for (const name of absent) {
    sudoers(`rekindle-user-${name}`, { ensure: 'absent' })
    user(name, { ensure: 'absent', manageHome: options.removeHomes ?? false })
  }
}

function declarePerson(name: string, person: Person, purgeSshKeys: boolean): void {
  const { name: comment = '', groups = [], keys = [], sudo, password = '*', uid, expiry } = person
  user(name, {
    ...{ comment, groups, purgeSshKeys, password },
    // Who is taken out of a group here is out of it on the host.
    membership: 'inclusive',
    manageHome: true,
    home: person.home ?? `/home/${name}`,
    shell: person.shell ?? '/bin/bash',
    expiry: expiry ?? 'never',
    ...(uid === undefined ? {} : { uid }),
  })
  for (const [at, key] of keys.entries()) declareKey(name, key, at)
  allow(`user-${name}`, sudo, { user: name, noPassword: !password.startsWith('$') })
}

function declareKey(name: string, given: Key, at: number): void {
  const [type = '', key = '', ...comment] = lineOf(given).trim().split(/\s+/)
  sshAuthorizedKey(`${name} ${at + 1}`, {
    user: name,
    // Checked above.
    type: type as KeyType,
    key,
    comment: comment.join(' '),
    ...(typeof given === 'string' || given.options === undefined ? {} : { options: given.options }),
  })
}

interface Holder {
  readonly user?: string
  readonly group?: string
  readonly noPassword: boolean
}

/** Without sudo, what was allowed once is taken back. */
function allow(name: string, sudo: Person['sudo'], holder: Holder): void {
  if (sudo === undefined) {
    sudoers(`rekindle-${name}`, { ensure: 'absent' })
    return
  }
  yielding(() => pkg('sudo'))
  const commands = sudo === true ? ['ALL'] : [...sudo]
  sudoers(`rekindle-${name}`, { rules: [{ ...holder, commands, runAs: 'ALL:ALL' }] })
}
