/** Resources that a parameter of another one stands for, as they have a place of their own in the order. Pure. */
import { type Declared, isAbsent } from './declared.ts'

export function expand(declarations: readonly Declared[]): readonly Declared[] {
  return declarations.flatMap((declared) => (declared.type === 'user' ? expandUser(declared) : [declared]))
}

/** Keys go after declared ones have come, and those come after the user. */
function expandUser(user: Declared): readonly Declared[] {
  const { purgeSshKeys = false, ...params } = user.params
  const own = { ...user, params }
  if (purgeSshKeys === false || isAbsent(user)) return [own]
  const { audit, ...rest } = user
  const isAudited = audit === true || audit?.includes('purgeSshKeys') === true
  return [
    own,
    {
      ...rest,
      type: 'ssh_key_purge',
      params: purgeSshKeys === true ? {} : { files: purgeSshKeys },
      ...{ require: [], before: [], notify: [], subscribe: [] },
      ...(isAudited ? { audit: true } : {}),
    },
  ]
}
