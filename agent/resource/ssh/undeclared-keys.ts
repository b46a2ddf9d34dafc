/** Keys of a user that no catalog declares: `user` with `purgeSshKeys`. */
import { normalize } from 'node:path/posix'
import type { UserParams } from '../../../schemas/generated/types.ts'
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
export function undeclaredKeys(host: Host, account: Account, params: UserParams): readonly UndeclaredKey[] {
  return filesOf(account, params).flatMap((path) => {
    const { text = '' } = readKeyFile(host, { account, path })
    const isDeclared = declaredIn(path, account, params)
    return parseAuthorizedKeys(text)
      .filter((found) => !isDeclared(found))
      .map(({ key, comment }) => ({
        path,
        shown: [path, sshFingerprint(key), printable(comment)].filter((part) => part !== '').join(' '),
      }))
  })
}

export async function removeUndeclaredKeys(host: Host, account: Account, params: UserParams): Promise<void> {
  const paths = new Set(undeclaredKeys(host, account, params).map(({ path }) => path))
  for (const path of paths) {
    const isDeclared = declaredIn(path, account, params)
    await editKeyFile(host, { account, path }, (text) => keepAuthorizedKeys(text, isDeclared))
  }
}

function filesOf(account: Account, { purgeSshKeys = false }: UserParams): readonly string[] {
  if (purgeSshKeys === false) return []
  if (purgeSshKeys === true) return [homeFile(account, 'authorized_keys')]
  return purgeSshKeys.map((path) =>
    normalize(path.replace(/^(%h|~)(?=\/)/, () => account.home).replaceAll('%u', () => account.name)),
  )
}

/** As the compiler collected them: the key, and its target where it has one. */
function declaredIn(path: string, account: Account, { declaredSshKeys = [] }: UserParams) {
  const keys = new Set(
    declaredSshKeys.flatMap((one) => {
      const [, key = '', target = homeFile(account, 'authorized_keys')] = /^(\S+)(?: (.*))?$/.exec(one) ?? []
      return normalize(target) === path ? [canonicalSshKey(key)] : []
    }),
  )
  return ({ key }: AuthorizedKey): boolean => keys.has(key)
}
