/**
 * A key with which a user may log in: one line of an authorized_keys file, told from others by the key itself. Its parts:
 * ssh/{key-line,authorized-keys,key-file}.ts.
 */
import { RekindleError } from '../../schemas/errors.ts'
import type { Change, SshAuthorizedKeyParams } from '../../schemas/generated/types.ts'
import { canonicalSshKey, isSshKeyType, sshFingerprint } from '../../schemas/ssh-key.ts'
import type { Account } from '../host/account.ts'
import type { Host } from '../host/host.ts'
import { ofTitle } from './instance.ts'
import type { Instance, Reading, ResourceType, Wanted } from './resource-type.ts'
import { type AuthorizedKey, parseAuthorizedKeys, setAuthorizedKey } from './ssh/authorized-keys.ts'
import {
  editKeyFileOf,
  homeFile,
  type KeyFileOwner,
  type KeyFileState,
  readKeyFile,
  readKeyFiles,
  usualFile,
  wrongAttributes,
} from './ssh/key-file.ts'
import { printable } from './ssh/key-line.ts'

type WantedKey = Wanted<SshAuthorizedKeyParams>

const owner: KeyFileOwner<SshAuthorizedKeyParams> = { userOf: ({ user }) => user, pathOf }

function read(host: Host, wanted: readonly WantedKey[]): Reading<KeyFileState> {
  return readKeyFiles(host, wanted, owner)
}

function pathOf({ target }: SshAuthorizedKeyParams, account: Account): string {
  return target ?? homeFile(account, 'authorized_keys')
}

function diff(wanted: WantedKey, { account, file }: KeyFileState): readonly Change[] {
  const { params } = wanted
  const own = lineOf(wanted)
  const found = parseAuthorizedKeys(file?.text ?? '').filter(({ key }) => key === own.key)
  const [first] = found
  if (params.ensure === 'absent')
    return first === undefined ? [] : [{ property: 'ensure', from: 'present', to: 'absent' }]
  if (first === undefined || file === undefined || account === undefined)
    return [{ property: 'ensure', from: 'absent', to: 'present' }]
  const changes: Change[] = []
  const options = first.options.join(',')
  if (options !== own.options.join(','))
    changes.push({ property: 'options', from: printable(options), to: own.options.join(',') })
  if (first.comment !== own.comment)
    changes.push({ property: 'comment', from: printable(first.comment), to: own.comment })
  if (found.length > 1) changes.push({ property: 'lines', from: String(found.length), to: '1' })
  return [...changes, ...wrongAttributes(file, account)]
}

async function apply(host: Host, wanted: WantedKey): Promise<void> {
  const own = lineOf(wanted)
  const line = wanted.params.ensure === 'absent' ? undefined : own
  await editKeyFileOf(host, wanted, { owner, edit: (text) => setAuthorizedKey(text, own.key, line) })
}

function lineOf({ title, params }: WantedKey): AuthorizedKey {
  const { type, key, options = [], comment = title } = params
  return { type, key: canonicalSshKey(key), options, comment }
}

/** Keys in the homes of all users; titled by their comments where those tell them apart. */
async function inspect(host: Host, title: string | undefined): Promise<readonly Instance[]> {
  const all = [...host.passwd.read().accounts.values()].flatMap((account) => keysOf(host, account))
  const counts = Map.groupBy(all, ({ found }) => found.comment)
  const instances = all.map(({ user, found: { type, key, options, comment } }): Instance => {
    const isOwn = comment !== '' && comment === printable(comment) && counts.get(comment)?.length === 1
    return {
      title: isOwn ? comment : `${user} ${sshFingerprint(key)}`,
      params: {
        ...{ user, type, key },
        ...(options.length === 0 ? {} : { options: [...options] }),
        ...(isOwn ? {} : { comment: printable(comment) }),
      },
      // Rewriting it would not give the same line.
      ...(comment === printable(comment) ? {} : { protectedBy: 'a comment with control characters' }),
    }
  })
  return ofTitle(instances, title)
}

/** Each once, as a second line goes when it is declared. None for a file that cannot be trusted: nobody could declare that. */
function keysOf(host: Host, account: Account) {
  try {
    const { text = '' } = readKeyFile(host, { account, path: homeFile(account, 'authorized_keys') })
    const all = parseAuthorizedKeys(text).filter(({ type }) => isSshKeyType(type))
    const first = new Map(all.toReversed().map((found) => [found.key, found]))
    return all
      .filter((found) => first.get(found.key) === found)
      .map((found) => ({ user: account.name, found }))
  } catch (error) {
    if (error instanceof RekindleError && error.code === 'resource-unreadable') return []
    throw error
  }
}

export const sshAuthorizedKey = {
  name: 'ssh_authorized_key',
  read,
  diff,
  apply,
  inspect,
  watch: ({ params: { user, target } }) => [target ?? usualFile(user, 'authorized_keys')],
} satisfies ResourceType<SshAuthorizedKeyParams, KeyFileState>
