/**
 * Local accounts. Every property is compared by itself, so an account that was made by half (a killed agent, a full disk)
 * is completed by the next run. Hashes are compared verbatim and shown to nobody.
 */
import { RekindleError } from '../../schemas/errors.ts'
import type { Change, UserParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import { type Account, membershipsOf, type PasswordAge } from '../host/account.ts'
import type { Host } from '../host/host.ts'
import type { AccountSettings, Passwd } from '../host/passwd.ts'
import { inspectUsers } from './account/inspect-user.ts'
import { refuseTakenId } from './account/taken-id.ts'
import { cannotApply } from './cannot-apply.ts'
import type { ResourceType, Wanted } from './resource-type.ts'

export interface UserState {
  readonly account: Account | undefined
  /** Name of the primary group, or its id where it has no name. */
  readonly primary: string
  /** Names of the supplementary groups, sorted. */
  readonly groups: readonly string[]
  /** Undefined where there is no shadow entry; read only when the password is managed. */
  readonly hash: string | undefined
  /** The last day, or `never`; undefined where there is no shadow entry. */
  readonly expiry?: string | undefined
  /** Read only when it is managed. */
  readonly age?: PasswordAge | undefined
}

const redacted = '[redacted]'

function read(host: Host, wanted: readonly Wanted<UserParams>[]): Map<ResourceId, UserState | Error> {
  const database = host.passwd.read()
  const memberships = membershipsOf(database.groups)
  const names = new Map(database.groups.values().map(({ gid, name }) => [gid, name]))
  return new Map(
    wanted.map((one): [ResourceId, UserState | Error] => {
      if (needsShadow(one.params) && database.hashes === undefined) return [one.id, hiddenShadow(one)]
      const account = database.accounts.get(one.title)
      const primary = account === undefined ? '' : (names.get(account.gid) ?? String(account.gid))
      const groups = memberships.get(one.title) ?? []
      const isManaged = needsShadow(one.params)
      const hash = isManaged ? database.hashes?.get(one.title) : undefined
      const expiry = isManaged ? database.expiries?.get(one.title) : undefined
      return [
        one.id,
        {
          ...{ account, primary, groups, hash },
          ...(expiry === undefined ? {} : { expiry }),
          ...(isManaged ? { age: database.ages?.get(one.title) } : {}),
        },
      ]
    }),
  )
}

function diff(
  { params }: Wanted<UserParams>,
  { account, primary, groups, hash, expiry, age }: UserState,
): readonly Change[] {
  if (params.ensure === 'absent') {
    return account === undefined ? [] : [{ property: 'ensure', from: 'present', to: 'absent' }]
  }
  if (account === undefined) return [{ property: 'ensure', from: 'absent', to: 'present' }]
  const compared: readonly { property: string; from: string; to: string | undefined }[] = [
    { property: 'uid', from: String(account.uid), to: params.uid?.toString() },
    { property: 'group', from: primary, to: params.group },
    { property: 'groups', from: groups.join(','), to: groupsWanted(params, { primary, groups })?.join(',') },
    { property: 'home', from: account.home, to: params.home },
    { property: 'shell', from: account.shell, to: params.shell },
    { property: 'comment', from: account.comment, to: params.comment },
    { property: 'locked', from: String(isLocked(hash)), to: params.locked?.toString() },
    { property: 'expiry', from: expiry ?? 'never', to: params.expiry },
    { property: 'passwordMinDays', from: String(age?.min ?? -1), to: params.passwordMinDays?.toString() },
    { property: 'passwordMaxDays', from: String(age?.max ?? -1), to: params.passwordMaxDays?.toString() },
    { property: 'passwordWarnDays', from: String(age?.warn ?? -1), to: params.passwordWarnDays?.toString() },
  ]
  const changes: Change[] = compared.flatMap(({ property, from, to }) =>
    to === undefined || to === from ? [] : [{ property, from, to }],
  )
  if (isPasswordOff(params, hash)) {
    changes.push({ property: 'password', from: redacted, to: redacted })
  }
  return changes
}

async function apply(
  host: Host,
  wanted: Wanted<UserParams>,
  actual: UserState,
  changes: readonly Change[],
): Promise<void> {
  const { passwd } = host
  const { title, params } = wanted
  if (params.ensure === 'absent') {
    return await passwd.removeAccount(title, { removeHome: params.manageHome ?? false })
  }
  const { accounts, groups } = passwd.read()
  const missing = [params.group, ...(params.groups ?? [])].filter(
    (name) => name !== undefined && !groups.has(name),
  )
  if (missing.length > 0) throw noSuchGroup(wanted, missing.join('", "'))
  const ids = new Map(accounts.values().map(({ name, uid }) => [name, uid]))
  refuseTakenId(wanted, { property: 'uid', wanted: params.uid, actual: actual.account?.uid, ids })
  if (actual.account === undefined) await addAccount(passwd, wanted, groups.has(title))
  else await changeAccount(passwd, wanted, { actual, changes })
  if (params.password !== undefined && isPasswordOff(params, actual.hash))
    await passwd.setPasswordHash(title, params.password)
  await applyLock(passwd, wanted)
  if (params.expiry !== undefined && params.expiry !== (actual.expiry ?? 'never'))
    await passwd.setExpiry(title, params.expiry)
  await applyAge(passwd, wanted)
}

/** After the password, which comes unlocked. A lock is the mark before the hash (usermod(8)). */
async function applyLock(passwd: Passwd, { title, params }: Wanted<UserParams>): Promise<void> {
  if (params.locked === undefined) return
  if (isLocked(passwd.read().hashes?.get(title)) !== params.locked)
    await passwd.setLocked(title, params.locked)
}

async function applyAge(passwd: Passwd, { title, params }: Wanted<UserParams>): Promise<void> {
  const wanted = { min: params.passwordMinDays, max: params.passwordMaxDays, warn: params.passwordWarnDays }
  const now = passwd.read().ages?.get(title)
  const off = Object.entries(wanted).filter(
    ([name, days]) => days !== undefined && days !== now?.[name as keyof PasswordAge],
  )
  if (off.length > 0) await passwd.setPasswordAge(title, Object.fromEntries(off))
}

function isLocked(hash: string | undefined): boolean {
  return hash?.startsWith('!') === true
}

/** Where the lock is managed by itself, its mark is no part of the password. */
function isPasswordOff({ password, locked }: UserParams, hash: string | undefined): boolean {
  if (password === undefined) return false
  return password !== (locked === undefined ? hash : hash?.replace(/^!/, ''))
}

function needsShadow(params: UserParams): boolean {
  const { password, locked, expiry, passwordMinDays, passwordMaxDays, passwordWarnDays } = params
  return [password, locked, expiry, passwordMinDays, passwordMaxDays, passwordWarnDays].some(
    (value) => value !== undefined,
  )
}

async function addAccount(
  passwd: Passwd,
  { title, params }: Wanted<UserParams>,
  hasGroup: boolean,
): Promise<void> {
  const { uid, allowDuplicateId, home, shell, comment } = params
  const own = hasGroup ? title : undefined
  const primary = params.group ?? own
  const groups = groupsWanted(params, { primary: primary ?? title, groups: [] })
  await passwd.addAccount(title, {
    uid,
    allowDuplicateId,
    home,
    shell,
    comment,
    group: primary,
    groups: groups?.length === 0 ? undefined : groups,
    system: params.system ?? false,
    createHome: params.manageHome ?? false,
  })
}

/** All in one call, as it either holds or fails; what is in sync is not named. */
async function changeAccount(
  passwd: Passwd,
  { title, params }: Wanted<UserParams>,
  { actual, changes }: { actual: UserState; changes: readonly Change[] },
): Promise<void> {
  const differs = new Set(changes.map(({ property }) => property))
  const all: AccountSettings = { ...params, groups: groupsWanted(params, actual) }
  const settings: AccountSettings = {
    uid: differs.has('uid') ? all.uid : undefined,
    allowDuplicateId: differs.has('uid') ? all.allowDuplicateId : undefined,
    group: differs.has('group') ? all.group : undefined,
    groups: differs.has('groups') ? all.groups : undefined,
    home: differs.has('home') ? all.home : undefined,
    shell: differs.has('shell') ? all.shell : undefined,
    comment: differs.has('comment') ? all.comment : undefined,
  }
  if (Object.values(settings).some((value) => value !== undefined))
    await passwd.changeAccount(title, settings)
}

/** The supplementary groups that the account shall have, sorted. The primary group is none of them. */
function groupsWanted(
  { group, groups, membership }: UserParams,
  actual: { readonly primary: string; readonly groups: readonly string[] },
): readonly string[] | undefined {
  if (groups === undefined) return undefined
  const primary = group ?? actual.primary
  const listed = groups.filter((name) => name !== primary)
  const kept = membership === 'inclusive' ? [] : actual.groups
  return [...new Set([...kept, ...listed])].sort()
}

function noSuchGroup(wanted: Wanted<UserParams>, missing: string): RekindleError {
  return cannotApply(wanted, `group "${missing}" does not exist`, {
    kept: `user "${wanted.title}" as it was`,
    hint: 'Declare the group before the user',
  })
}

function hiddenShadow({ id, where }: Wanted<UserParams>): RekindleError {
  return new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot read ${id}: its password, lock or last day is in /etc/shadow, which this process may not read`,
    where,
    hint: 'Run as root',
  })
}

export const user = {
  name: 'user',
  read,
  diff,
  apply,
  inspect: inspectUsers,
  watch: () => ['/etc/passwd', '/etc/shadow', '/etc/group'],
} satisfies ResourceType<UserParams, UserState>
