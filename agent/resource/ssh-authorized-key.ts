/**
 * A key with which a user may log in: one line of an authorized_keys file, told from others by the key itself. Its parts:
 * ssh/{key-line,authorized-keys,key-file}.ts.
 */
import { RekindleError } from '../../schemas/errors.ts'
import type { Change, SshAuthorizedKeyParams } from '../../schemas/generated/types.ts'
import { canonicalSshKey, isSshKeyType, sshFingerprint } from '../../schemas/ssh-key.ts'
import type { Account } from '../host/account.ts'
import type { Host } from '../host/host.ts'
import type { Instance, Reading, ResourceType, Wanted } from './resource-type.ts'
import { type AuthorizedKey, parseAuthorizedKeys, setAuthorizedKey } from './ssh/authorized-keys.ts'
import { editKeyFile, homeFile, type KeyFile, readKeyFile, wrongAttributes } from './ssh/key-file.ts'
import { printable } from './ssh/key-line.ts'
import { readEach } from './text-file.ts'

type WantedKey = Wanted<SshAuthorizedKeyParams>

export interface SshAuthorizedKeyState {
  /** Undefined when there is no such user yet. */
  readonly account: Account | undefined
  readonly file: KeyFile | undefined
}

function read(host: Host, wanted: readonly WantedKey[]): Reading<SshAuthorizedKeyState> {
  const { accounts } = host.passwd.read()
  return readEach(wanted, ({ params }) => {
    const account = accounts.get(params.user)
    if (account === undefined) return { account, file: undefined }
    return { account, file: readKeyFile(host, { account, path: pathOf(params, account) }) }
  })
}

function pathOf({ target }: SshAuthorizedKeyParams, account: Account): string {
  return target ?? homeFile(account, 'authorized_keys')
}

function diff(wanted: WantedKey, { account, file }: SshAuthorizedKeyState): readonly Change[] {
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
  const { params } = wanted
  // Made by something in this run, or since it was read.
  const account = host.passwd.read().accounts.get(params.user)
  if (account === undefined) throw noUser(wanted)
  const own = lineOf(wanted)
  const line = params.ensure === 'absent' ? undefined : own
  await editKeyFile(host, { account, path: pathOf(params, account) }, (text) =>
    setAuthorizedKey(text, own.key, line),
  )
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
  return title === undefined ? instances : instances.filter((one) => one.title === title)
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

function noUser({ id, where, params: { user } }: WantedKey): RekindleError {
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot apply ${id}: user "${user}" does not exist`,
    where,
    kept: 'everything: nothing was done',
    hint: `Declare user "${user}"`,
  })
}

export const sshAuthorizedKey = {
  name: 'ssh_authorized_key',
  read,
  diff,
  apply,
  inspect,
  // Where homes usually are; the poll finds the others.
  watch: ({ params: { user, target } }) => [
    target ?? `${user === 'root' ? '/root' : `/home/${user}`}/.ssh/authorized_keys`,
  ],
} satisfies ResourceType<SshAuthorizedKeyParams, SshAuthorizedKeyState>
