/** The key by which ssh knows a host: one line of a known_hosts file, for all users or one. */
import type { Change, SshKnownHostParams } from '../../schemas/generated/types.ts'
import { canonicalSshKey, isSshKeyType, sshFingerprint } from '../../schemas/ssh-key.ts'
import type { Account } from '../host/account.ts'
import type { Host } from '../host/host.ts'
import { ofTitle } from './instance.ts'
import type { Instance, Reading, ResourceType, Wanted } from './resource-type.ts'
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
import {
  hasName,
  parseKnownHosts,
  removeKnownHost,
  setKnownHost,
  type WantedHost,
} from './ssh/known-hosts.ts'

type WantedKnownHost = Wanted<SshKnownHostParams>

const ofAllUsers = '/etc/ssh/ssh_known_hosts'

const owner: KeyFileOwner<SshKnownHostParams> = { userOf: ({ user = 'root' }) => user, pathOf }

function read(host: Host, wanted: readonly WantedKnownHost[]): Reading<KeyFileState> {
  return readKeyFiles(host, wanted, owner)
}

function pathOf({ target, user }: SshKnownHostParams, account: Account): string {
  return target ?? (user === undefined ? ofAllUsers : homeFile(account, 'known_hosts'))
}

function diff(wanted: WantedKnownHost, { account, file }: KeyFileState): readonly Change[] {
  const text = file?.text ?? ''
  const isSame = edited(wanted, text) === text
  if (wanted.params.ensure === 'absent')
    return isSame ? [] : [{ property: 'ensure', from: 'present', to: 'absent' }]
  const attributes = file === undefined || account === undefined ? [] : wrongAttributes(file, account)
  return isSame ? attributes : [changeOf(wantedHost(wanted), text), ...attributes]
}

function changeOf({ marker, name, aliases = [], type, key }: WantedHost, text: string): Change {
  const own = parseKnownHosts(text).filter(
    (one) => one.marker === marker && one.type === type && hasName(one, name),
  )
  const [first] = own
  if (first === undefined) return { property: 'ensure', from: 'absent', to: 'present' }
  const other = own.find((one) => one.key !== key)
  if (other !== undefined)
    return { property: 'key', from: sshFingerprint(other.key), to: sshFingerprint(key) }
  return { property: 'names', from: printable(first.names.join(',')), to: [name, ...aliases].join(',') }
}

async function apply(host: Host, wanted: WantedKnownHost): Promise<void> {
  await editKeyFileOf(host, wanted, { owner, edit: (text) => edited(wanted, text) })
}

function edited(wanted: WantedKnownHost, text: string): string {
  const { ensure, type, key, marker } = wanted.params
  if (ensure !== 'absent') return setKnownHost(text, wantedHost(wanted))
  const name = wanted.params.name ?? wanted.title
  return removeKnownHost(text, { marker, name, type, key: key === undefined ? key : canonicalSshKey(key) })
}

/** The compiler has seen that type and key are there. */
function wantedHost({ title, params }: WantedKnownHost): WantedHost {
  const { name = title, aliases, type = 'ssh-ed25519', key = '', marker } = params
  return { marker, name, aliases, type, key: canonicalSshKey(key) }
}

/** Those of all users of the host, but for names that are hashed: nobody can tell what they were. */
async function inspect(host: Host, title: string | undefined): Promise<readonly Instance[]> {
  const account = host.passwd.read().accounts.get('root')
  if (account === undefined) return []
  const { text = '' } = readKeyFile(host, { account, path: ofAllUsers })
  const known = parseKnownHosts(text).filter(
    ({ names, type }) => isSshKeyType(type) && !names.some((name) => name.startsWith('|')),
  )
  const counts = Map.groupBy(known, ({ names: [name] }) => name)
  const instances = known.map(({ names, type, key, marker }): Instance => {
    const [name = '', ...aliases] = names
    const isOne = counts.get(name)?.length === 1
    return {
      title: isOne ? name : `${name} ${type}`,
      params: {
        ...(isOne ? {} : { name }),
        ...(aliases.length === 0 ? {} : { aliases }),
        ...(marker === undefined ? {} : { marker }),
        ...{ type, key },
      },
    }
  })
  return ofTitle(instances, title)
}

export const sshKnownHost = {
  name: 'ssh_known_host',
  read,
  diff,
  apply,
  inspect,
  watch: ({ params: { user, target } }) => [
    target ?? (user === undefined ? ofAllUsers : usualFile(user, 'known_hosts')),
  ],
} satisfies ResourceType<SshKnownHostParams, KeyFileState>
