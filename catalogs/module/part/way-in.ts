/**
 * Nobody is locked out by a configuration of sshd: it takes effect after every key of the catalog is in place, and one
 * that lets in nobody who has a key is refused at compile. What is known of people is what the role declares by its end.
 */

import { renderResourceId } from '../../../schemas/resource-id.ts'
import { type Compile, currentCompile, type Declaration, whereNow } from '../../api/context.ts'
import type { Checked } from './declare.ts'

type Ssh = Checked<'module/ssh'>

export function holdWayIn(path: string, options: Ssh): void {
  const compile = currentCompile('use ssh')
  const where = whereNow(compile)
  compile.finish.push(() => {
    putKeysFirst(compile, path)
    const { passwords = false, keysElsewhere = false } = options
    if (passwords || keysElsewhere || letsSomebodyIn(compile.declarations, options)) return
    compile.mistakes.push({
      message: 'Cannot use ssh: it would leave no way in: the role declares no key of anybody who may log in',
      where,
      hint: 'Declare one with users() or sshAuthorizedKey(), or say "keysElsewhere: true" when the host has others',
    })
  })
}

/** A key that is declared to come after the server is left there. */
function putKeysFirst({ declarations }: Compile, path: string): void {
  const isConf = ({ type, title }: Declaration) => type === 'file' && title === path
  const server = declarations.filter(({ tags }) => tags.includes('ssh')).map(idOf)
  const early = keysIn(declarations).filter(
    ({ require, subscribe }) => ![...require, ...subscribe].some((id) => server.includes(id)),
  )
  for (const [at, declaration] of declarations.entries()) {
    if (isConf(declaration))
      declarations[at] = { ...declaration, require: [...declaration.require, ...early.map(idOf)] }
  }
}

const idOf = ({ type, title }: Declaration) => renderResourceId(type, title)

function keysIn(declarations: readonly Declaration[]): readonly Declaration[] {
  return declarations.filter(
    ({ type, params }) => type === 'ssh_authorized_key' && params.ensure !== 'absent',
  )
}

function letsSomebodyIn(declarations: readonly Declaration[], options: Ssh): boolean {
  return keysIn(declarations).some(({ params }) => letsIn(declarations, options, String(params.user)))
}

function letsIn(declarations: readonly Declaration[], options: Ssh, user: string): boolean {
  const { allowUsers, allowGroups, rootLogin = false } = options
  if (user === 'root' && rootLogin === false) return false
  if (allowUsers !== undefined && !allowUsers.some((pattern) => matches(pattern, user))) return false
  if (allowGroups === undefined) return true
  const groups = groupsOf(declarations, user)
  return groups.some((group) => allowGroups.some((pattern) => matches(pattern, group)))
}

/** Of an account that the role does not declare, only the group of its own name is known. */
function groupsOf(declarations: readonly Declaration[], user: string): readonly string[] {
  const account = declarations.find(({ type, title }) => type === 'user' && title === user)
  const { group = user, groups = [] } = account?.params ?? {}
  const joined = declarations.filter(
    ({ type, params }) => type === 'group' && Array.isArray(params.members) && params.members.includes(user),
  )
  return [String(group), ...[groups].flat().map(String), ...joined.map(({ title }) => title)]
}

/** A pattern of sshd_config(5), without what stands behind `@`: where people come from is not known here. */
function matches(pattern: string, name: string): boolean {
  const [own = ''] = pattern.split('@')
  if (own.startsWith('!')) return false
  const escaped = own
    .replace(/[\\^$.+()|[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${escaped}$`).test(name)
}
