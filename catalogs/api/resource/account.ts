/** Accounts, and who may do what with them. */
import type { ResourceParams } from '../../../schemas/generated/types.ts'
import { type Authored, declare, type Metaparams } from '../declare.ts'
import type { TypeRule } from '../parameter.ts'
import type { Reference } from '../reference.ts'

export type UserOptions = Authored<Omit<ResourceParams['user'], 'declaredSshKeys'>> & Metaparams
export type GroupOptions = Authored<ResourceParams['group']> & Metaparams

/**
 * A local account.
 *
 * @example user('deploy', { system: true, home: '/srv/deploy' })
 */
export function user(name: string, options: UserOptions = {}): Reference<'user'> {
  return declare({ type: 'user', title: name, options, rule: accountRule })
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
