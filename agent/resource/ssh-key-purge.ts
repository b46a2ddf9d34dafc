/** Keys of a user that no catalog declares go, once those that it declares are there. */
import type { RekindleError } from '../../schemas/errors.ts'
import type { Change, SshKeyPurgeParams } from '../../schemas/generated/types.ts'
import type { Host } from '../host/host.ts'
import { cannotApply } from './cannot-apply.ts'
import type { Reading, ResourceType, Wanted } from './resource-type.ts'
import { usualFile } from './ssh/key-file.ts'
import {
  missingKeys,
  removeUndeclaredKeys,
  type UndeclaredKey,
  undeclaredKeys,
} from './ssh/undeclared-keys.ts'
import { readEach } from './text-file.ts'

type WantedPurge = Wanted<SshKeyPurgeParams>

/** None where there is no such user. */
type KeyPurgeState = readonly UndeclaredKey[]

function read(host: Host, wanted: readonly WantedPurge[]): Reading<KeyPurgeState> {
  const { accounts } = host.passwd.read()
  return readEach(wanted, ({ title, params }) => {
    const account = accounts.get(title)
    return account === undefined ? [] : undeclaredKeys(host, account, params)
  })
}

function diff(_: WantedPurge, undeclared: KeyPurgeState): readonly Change[] {
  return undeclared.map(({ shown }) => ({ property: `key ${shown}`, from: 'present', to: 'absent' }))
}

async function apply(host: Host, wanted: WantedPurge): Promise<void> {
  const { title, params } = wanted
  const account = host.passwd.read().accounts.get(title)
  if (account === undefined) return
  const missing = missingKeys(host, account, params)
  if (missing.length > 0) throw lockingOut(wanted, missing)
  await removeUndeclaredKeys(host, account, params)
}

/** One that failed has held this up already; one that noop or a schedule withholds has not. */
function lockingOut(wanted: WantedPurge, missing: readonly string[]): RekindleError {
  return cannotApply(wanted, `declared keys are not there yet: ${missing.join(', ')}`, {
    kept: 'every key',
    hint: 'See why ssh_authorized_key has not put them there',
  })
}

export const sshKeyPurge = {
  name: 'ssh_key_purge',
  read,
  diff,
  apply,
  watch: ({ title, params: { files } }) =>
    (files ?? [usualFile(title, 'authorized_keys')])
      .filter((path) => path.startsWith('/'))
      .map((path) => path.replaceAll('%u', title)),
} satisfies ResourceType<SshKeyPurgeParams, KeyPurgeState>
