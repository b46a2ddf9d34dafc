/** Keys of a user that no catalog declares, and declared ones that are not there: `ssh_key_purge`. */
import { normalize } from 'node:path/posix'
import type { SshKeyPurgeParams } from '../../../schemas/generated/types.ts'
import { canonicalSshKey, sshFingerprint } from '../../../schemas/ssh-key.ts'
import type { Account } from '../../host/account.ts'
import type { Host } from '../../host/host.ts'
import { type AuthorizedKey, keepAuthorizedKeys, parseAuthorizedKeys } from './authorized-keys.ts'
import { editKeyFile, homeFile, readKeyFile } from './key-file.ts'
import { printable } from './key-line.ts'

export interface UndeclaredKey {
  readonly path: string
  /** For people: where it is, its fingerprint and its comment. */
  readonly shown: string
}

/** @throws RekindleError `resource-unreadable` for a file that cannot be trusted */
export function undeclaredKeys(
  host: Host,
  account: Account,
  params: SshKeyPurgeParams,
): readonly UndeclaredKey[] {
  return filesOf(account, params).flatMap((path) => {
    const isDeclared = declaredIn(path, account, params)
    return keysIn(host, account, path)
      .filter((found) => !isDeclared(found))
      .map(({ key, comment }) => ({ path, shown: shown([path, sshFingerprint(key), printable(comment)]) }))
  })
}

/** For people: declared keys that their files do not have. @throws RekindleError as undeclaredKeys() */
export function missingKeys(host: Host, account: Account, params: SshKeyPurgeParams): readonly string[] {
  return declaredKeys(account, params).flatMap(({ key, path }) =>
    keysIn(host, account, path).some((found) => found.key === key)
      ? []
      : [shown([path, sshFingerprint(key)])],
  )
}

export async function removeUndeclaredKeys(
  host: Host,
  account: Account,
  params: SshKeyPurgeParams,
): Promise<void> {
  const paths = new Set(undeclaredKeys(host, account, params).map(({ path }) => path))
  for (const path of paths) {
    const isDeclared = declaredIn(path, account, params)
    await editKeyFile(host, { account, path }, (text) => keepAuthorizedKeys(text, isDeclared))
  }
}

function keysIn(host: Host, account: Account, path: string): readonly AuthorizedKey[] {
  return parseAuthorizedKeys(readKeyFile(host, { account, path }).text ?? '')
}

function shown(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' ')
}

function filesOf(account: Account, { files }: SshKeyPurgeParams): readonly string[] {
  if (files === undefined) return [homeFile(account, 'authorized_keys')]
  return files.map((path) =>
    normalize(path.replace(/^(%h|~)(?=\/)/, () => account.home).replaceAll('%u', () => account.name)),
  )
}

function declaredIn(path: string, account: Account, params: SshKeyPurgeParams) {
  const keys = new Set(declaredKeys(account, params).flatMap((one) => (one.path === path ? [one.key] : [])))
  return ({ key }: AuthorizedKey): boolean => keys.has(key)
}

/** As the compiler collected them: the key, and its target where it has one. */
function declaredKeys(account: Account, params: SshKeyPurgeParams) {
  return (params.declaredKeys ?? []).map((one) => {
    const [, key = '', target = homeFile(account, 'authorized_keys')] = /^(\S+)(?: (.*))?$/.exec(one) ?? []
    return { key: canonicalSshKey(key), path: normalize(target) }
  })
}
