/**
 * Local accounts and groups. Reading is three files; writing goes through the shadow tools, which lock and replace them.
 * A password hash reaches a tool by its standard input alone: arguments can be seen by everyone in the process list.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasCode, RekindleError } from '../../schemas/errors.ts'
import {
  type Account,
  type Group,
  type PasswordAge,
  parseExpiries,
  parseGroup,
  parsePasswd,
  parsePasswordAges,
  parseShadow,
} from './account.ts'
import type { Exec } from './exec.ts'

export interface PasswdDatabase {
  readonly accounts: ReadonlyMap<string, Account>
  readonly groups: ReadonlyMap<string, Group>
  /** Password hashes by name; undefined when this process may not read them. */
  readonly hashes: ReadonlyMap<string, string> | undefined
  /** The last day of accounts as YYYY-MM-DD, or `never`, by name; undefined with the hashes. */
  readonly expiries: ReadonlyMap<string, string> | undefined
  /** By name; undefined with the hashes. */
  readonly ages: ReadonlyMap<string, PasswordAge> | undefined
}

/** What of an account is to be set; absent fields are left to the tool, or as they are. */
export interface AccountSettings {
  readonly uid?: number | undefined
  /** Take the id although another account has it. Default false. */
  readonly allowDuplicateId?: boolean | undefined
  /** Name of the primary group. */
  readonly group?: string | undefined
  /** All supplementary groups. */
  readonly groups?: readonly string[] | undefined
  readonly home?: string | undefined
  readonly shell?: string | undefined
  readonly comment?: string | undefined
}

export interface NewAccount extends AccountSettings {
  readonly system: boolean
  readonly createHome: boolean
}

export interface GroupSettings {
  readonly gid?: number | undefined
  /** Take the id although another group has it. Default false. */
  readonly allowDuplicateId?: boolean | undefined
}

export interface NewGroup extends GroupSettings {
  readonly system: boolean
}

export interface Passwd {
  read(): PasswdDatabase
  /** Without `group`, makes a group of the account's own name with it. */
  addAccount(name: string, account: NewAccount): Promise<void>
  changeAccount(name: string, settings: AccountSettings): Promise<void>
  removeAccount(name: string, options: { readonly removeHome: boolean }): Promise<void>
  setPasswordHash(name: string, hash: string): Promise<void>
  setLocked(name: string, locked: boolean): Promise<void>
  /** @param day YYYY-MM-DD, or `never` */
  setExpiry(name: string, day: string): Promise<void>
  setPasswordAge(name: string, age: Partial<PasswordAge>): Promise<void>
  addGroup(name: string, group: NewGroup): Promise<void>
  /** All who have it as a supplementary group. */
  setMembers(name: string, members: readonly string[]): Promise<void>
  changeGroup(name: string, settings: GroupSettings): Promise<void>
  removeGroup(name: string): Promise<void>
}

/** What a call is for, and what stays when it fails. */
interface Step {
  readonly what: string
  readonly kept?: string
}

const timeoutMs = 120_000

/** @example createPasswd(exec).read().accounts.get('root')?.home // '/root' */
export function createPasswd(exec: Exec, root = '/'): Passwd {
  const run = async ({ what, kept }: Step, argv: readonly string[], stdin?: string): Promise<void> => {
    const options = { env: { LC_ALL: 'C' }, timeoutMs, ...(stdin === undefined ? {} : { stdin }) }
    const { code, stdout, stderr, timedOut } = await exec.run(argv, options)
    if (code === 0) return
    const answer = timedOut ? `nothing within ${timeoutMs / 1000} seconds` : `"${oneLine(stderr || stdout)}"`
    throw new RekindleError({
      code: 'apply-failed',
      message: `Cannot ${what}: ${argv[0]} answers ${answer}`,
      ...(kept === undefined ? {} : { kept }),
    })
  }

  return {
    read: () => readDatabase(join(root, 'etc')),
    addAccount: (name, { system, createHome, ...settings }) =>
      run({ what: `add user "${name}"`, kept: `user "${name}" does not exist` }, [
        'useradd',
        ...(system ? ['--system'] : []),
        createHome ? '--create-home' : '--no-create-home',
        ...(settings.group === undefined ? ['--user-group'] : []),
        ...settingArguments(settings),
        '--',
        name,
      ]),
    changeAccount: (name, settings) =>
      run({ what: `change user "${name}"`, kept: `user "${name}" as it was` }, [
        'usermod',
        ...settingArguments(settings),
        '--',
        name,
      ]),
    removeAccount: (name, { removeHome }) =>
      run({ what: `remove user "${name}"` }, ['userdel', ...(removeHome ? ['--remove'] : []), '--', name]),
    setPasswordHash: (name, hash) =>
      run(
        { what: `set the password of user "${name}"`, kept: 'the password that was there' },
        ['chpasswd', '--encrypted'],
        `${name}:${hash}\n`,
      ),
    setLocked: (name, locked) =>
      run({ what: `${locked ? 'lock' : 'unlock'} user "${name}"`, kept: 'its password as it was' }, [
        'usermod',
        locked ? '--lock' : '--unlock',
        '--',
        name,
      ]),
    setExpiry: (name, day) =>
      run({ what: `set the last day of user "${name}"`, kept: 'the day that was there' }, [
        'usermod',
        `--expiredate=${day === 'never' ? '' : day}`,
        '--',
        name,
      ]),
    setPasswordAge: (name, { min, max, warn }) =>
      run({ what: `set the age of the password of user "${name}"`, kept: 'the days that were there' }, [
        'chage',
        ...(min === undefined ? [] : [`--mindays=${min}`]),
        ...(max === undefined ? [] : [`--maxdays=${max}`]),
        ...(warn === undefined ? [] : [`--warndays=${warn}`]),
        '--',
        name,
      ]),
    setMembers: (name, members) =>
      run({ what: `set the members of group "${name}"`, kept: 'the members that were there' }, [
        'gpasswd',
        `--members=${members.join(',')}`,
        name,
      ]),
    addGroup: (name, { system, ...settings }) =>
      run({ what: `add group "${name}"`, kept: `group "${name}" does not exist` }, [
        'groupadd',
        ...(system ? ['--system'] : []),
        ...gidArguments(settings),
        '--',
        name,
      ]),
    changeGroup: (name, settings) =>
      run({ what: `change group "${name}"`, kept: `group "${name}" as it was` }, [
        'groupmod',
        ...gidArguments(settings),
        '--',
        name,
      ]),
    removeGroup: (name) =>
      run({ what: `remove group "${name}"`, kept: `group "${name}" as it was` }, ['groupdel', '--', name]),
  }
}

function settingArguments(settings: AccountSettings): readonly string[] {
  const { uid, allowDuplicateId, group, groups, home, shell, comment } = settings
  return [
    ...(uid === undefined ? [] : [`--uid=${uid}`, ...duplicate(allowDuplicateId)]),
    ...(group === undefined ? [] : [`--gid=${group}`]),
    ...(groups === undefined ? [] : [`--groups=${groups.join(',')}`]),
    ...(home === undefined ? [] : [`--home=${home}`]),
    ...(shell === undefined ? [] : [`--shell=${shell}`]),
    ...(comment === undefined ? [] : [`--comment=${comment}`]),
  ]
}

function gidArguments({ gid, allowDuplicateId }: GroupSettings): readonly string[] {
  return gid === undefined ? [] : [`--gid=${gid}`, ...duplicate(allowDuplicateId)]
}

function duplicate(allowed = false): readonly string[] {
  return allowed ? ['--non-unique'] : []
}

function readDatabase(folder: string): PasswdDatabase {
  return {
    accounts: parsePasswd(readFileSync(join(folder, 'passwd'), 'utf8')),
    groups: parseGroup(readFileSync(join(folder, 'group'), 'utf8')),
    ...readShadow(join(folder, 'shadow')),
  }
}

function readShadow(path: string): Pick<PasswdDatabase, 'hashes' | 'expiries' | 'ages'> {
  try {
    const text = readFileSync(path, 'utf8')
    return { hashes: parseShadow(text), expiries: parseExpiries(text), ages: parsePasswordAges(text) }
  } catch (error) {
    if (hasCode(error, 'EACCES', 'ENOENT')) return { hashes: undefined, expiries: undefined, ages: undefined }
    throw error
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
