/** Accounts as they would be declared, without their passwords. */
import type { UserParams } from '../../../schemas/generated/types.ts'
import { type Account, membershipsOf, type PasswordAge } from '../../host/account.ts'
import type { Host } from '../../host/host.ts'
import type { PasswdDatabase } from '../../host/passwd.ts'
import type { Instance } from '../resource-type.ts'
import { sharedIds } from './taken-id.ts'

/** Passwords that stay this long stay for ever: what login.defs(5) comes with. */
const foreverDays = 99_999

export async function inspectUsers(host: Host, title: string | undefined): Promise<readonly Instance[]> {
  const database = host.passwd.read()
  const memberships = membershipsOf(database.groups)
  const names = new Map(database.groups.values().map(({ gid, name }) => [gid, name]))
  const shared = sharedIds(database.accounts.values().map(({ uid }) => uid))
  const accounts = [...database.accounts.values()].filter(({ name }) => title === undefined || name === title)
  return accounts.map((account) => ({
    title: account.name,
    params: {
      ...accountParams(account, names.get(account.gid)),
      ...(shared.has(account.uid) ? { allowDuplicateId: true } : {}),
      ...groupsParam(memberships.get(account.name)),
      ...shadowParams(database, account.name),
    },
  }))
}

function accountParams({ uid, home, shell, comment }: Account, group: string | undefined): UserParams {
  return {
    uid,
    ...(group === undefined ? {} : { group }),
    home,
    shell,
    ...(comment === '' ? {} : { comment }),
  }
}

function groupsParam(groups: readonly string[] = []): UserParams {
  return groups.length === 0 ? {} : { groups: [...groups] }
}

/** What holds people to something. */
function shadowParams({ expiries, ages }: PasswdDatabase, name: string): UserParams {
  const expiry = expiries?.get(name) ?? 'never'
  return { ...(expiry === 'never' ? {} : { expiry }), ...ageParams(ages?.get(name)) }
}

function ageParams(age: PasswordAge | undefined): UserParams {
  if (age === undefined) return {}
  const { min, max, warn } = age
  const ends = max !== -1 && max < foreverDays
  return {
    ...(min > 0 ? { passwordMinDays: min } : {}),
    ...(ends ? { passwordMaxDays: max, passwordWarnDays: warn } : {}),
  }
}
