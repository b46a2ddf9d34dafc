/** Accounts, and who may do what with them. */
import { normalize } from 'node:path/posix'
import type { AuthoredParams } from '../../../schemas/generated/authored.ts'
import { declare, type Metaparams } from '../declare.ts'
import type { TypeRule } from '../parameter.ts'
import type { Reference } from '../reference.ts'

export type UserOptions = AuthoredParams['user'] & Metaparams
export type GroupOptions = AuthoredParams['group'] & Metaparams

/**
 * A local account.
 *
 * @example user('deploy', { system: true, home: '/srv/deploy' })
 */
export function user(name: string, options: UserOptions = {}): Reference<'user'> {
  return declare({ type: 'user', title: name, options, rule: userRule })
}

/**
 * A local group.
 *
 * @example group('deploy')
 */
export function group(name: string, options: GroupOptions = {}): Reference<'group'> {
  return declare({ type: 'group', title: name, options, rule: accountRule })
}

export const accountRule: TypeRule = {
  wrongTitle: (title) =>
    /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\$?$/.test(title) ? undefined : 'the title is no name of an account',
}

export const userRule: TypeRule = {
  ...accountRule,
  contradictions: ({ purgeSshKeys, home }, title) =>
    (Array.isArray(purgeSshKeys) ? purgeSshKeys : []).flatMap((path: unknown) =>
      typeof path === 'string' ? wrongKeyFile(path, { name: 'purgeSshKeys', home, title }) : [],
    ),
}

/** In a file of several users, the keys of the others would be undeclared ones. */
export function wrongKeyFile(
  path: string,
  { name, home, title }: { name: string; home?: unknown; title: string },
): readonly string[] {
  if (normalize(path) !== path)
    return [`"${name}": "${path}" is not in its shortest form, which is "${normalize(path)}"`]
  const isInHome = /^(%h|~)\//.test(path) || (typeof home === 'string' && path.startsWith(`${home}/`))
  const isNamed = path.includes('%u') || path.split('/').includes(title)
  return isInHome || isNamed
    ? []
    : [`"${name}": "${path}" is a file that is not of this user alone: its path has %h, %u or the name in it`]
}
