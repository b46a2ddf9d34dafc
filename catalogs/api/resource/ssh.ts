/** Keys with which users log in, and by which hosts are known. */
import { normalize } from 'node:path/posix'
import type { AuthoredParams } from '../../../schemas/generated/authored.ts'
import { wrongSshKey } from '../../../schemas/ssh-key.ts'
import { declare, type Metaparams } from '../declare.ts'
import type { Params, TypeRule } from '../parameter.ts'
import type { Reference } from '../reference.ts'
import { wrongKeyFile } from './account.ts'

export type SshAuthorizedKeyOptions = AuthoredParams['ssh_authorized_key'] & Metaparams
export type SshKeyPurgeOptions = AuthoredParams['ssh_key_purge'] & Metaparams
export type SshKnownHostOptions = AuthoredParams['ssh_known_host'] & Metaparams

/**
 * A key with which a user may log in.
 *
 * @example sshAuthorizedKey('ada@laptop', { user: 'ada', type: 'ssh-ed25519', key: 'AAAAC3NzaC1lZDI1NTE5AAAAI...' })
 */
export function sshAuthorizedKey(
  comment: string,
  options: SshAuthorizedKeyOptions,
): Reference<'ssh_authorized_key'> {
  return declare({ type: 'ssh_authorized_key', title: comment, options, rule: sshAuthorizedKeyRule })
}

export const sshAuthorizedKeyRule: TypeRule = {
  contradictions: (params, title) => [
    ...wrongKey(params),
    ...wrongTarget(params),
    ...(params.type === 'ssh-dss' && params.ensure !== 'absent'
      ? ['OpenSSH takes no keys of type ssh-dss any more: it can only be absent']
      : []),
    ...listOf(params.options).flatMap(wrongOption),
    ...(params.comment === undefined && /[\p{Cc}]|^\s|\s$/u.test(title)
      ? ['the title cannot be the comment of a line: give a "comment"']
      : []),
  ],
}

/**
 * The removal of a user's keys that nobody declares. `user` with `purgeSshKeys` declares one.
 *
 * @example sshKeyPurge('root')
 */
export function sshKeyPurge(user: string, options: SshKeyPurgeOptions = {}): Reference<'ssh_key_purge'> {
  return declare({ type: 'ssh_key_purge', title: user, options, rule: sshKeyPurgeRule })
}

export const sshKeyPurgeRule: TypeRule = {
  contradictions: ({ files }, title) =>
    listOf(files).flatMap((path) => wrongKeyFile(path, { name: 'files', title })),
}

/**
 * The key of a host, for all users or for one.
 *
 * @example sshKnownHost('git.example.org', { type: 'ssh-ed25519', key: 'AAAAC3NzaC1lZDI1NTE5AAAAI...' })
 */
export function sshKnownHost(name: string, options: SshKnownHostOptions): Reference<'ssh_known_host'> {
  return declare({ type: 'ssh_known_host', title: name, options, rule: sshKnownHostRule })
}

export const sshKnownHostRule: TypeRule = {
  contradictions: (params, title) => {
    const { ensure, type, key, name, aliases } = params
    const wrong = [...wrongKey(params), ...wrongTarget(params)]
    if (ensure !== 'absent' && (type === undefined || key === undefined))
      wrong.push('a known host needs a "type" and a "key"')
    if (key !== undefined && type === undefined) wrong.push('a "key" needs its "type"')
    if (name === undefined && !/^[^\s,#@|!\0][^\s,\0]*$/.test(title))
      wrong.push('the title is no name of a host: give a "name"')
    if (listOf(aliases).includes(String(name ?? title))) wrong.push('"aliases" has the name itself in it')
    return wrong
  },
}

/** A key is never quoted: it may be a private one. */
function wrongKey({ type, key }: Params): readonly string[] {
  if (typeof type !== 'string' || typeof key !== 'string') return []
  const reason = wrongSshKey(type, key)
  return reason === undefined ? [] : [`"key": ${reason}`]
}

function wrongTarget({ target }: Params): readonly string[] {
  if (typeof target !== 'string' || normalize(target) === target) return []
  return [`"target" is not in its shortest form, which is "${normalize(target)}"`]
}

/** sshd(8), AUTHORIZED_KEYS FILE FORMAT; sshd refuses the whole line for one that it does not know. */
const flags: ReadonlySet<string> = new Set([
  ...['agent-forwarding', 'cert-authority', 'no-agent-forwarding', 'no-port-forwarding', 'no-pty'],
  ...['no-touch-required', 'no-user-rc', 'no-x11-forwarding', 'port-forwarding', 'pty', 'restrict'],
  ...['user-rc', 'verify-required', 'x11-forwarding'],
])
const settings: ReadonlySet<string> = new Set([
  ...['command', 'environment', 'expiry-time', 'from', 'permitlisten', 'permitopen', 'principals', 'tunnel'],
])

function wrongOption(option: string): readonly string[] {
  const shown = JSON.stringify(option)
  const [, name = '', value] = /^([^=\s,"]*)(=[\s\S]*)?$/.exec(option) ?? []
  const known = name.toLowerCase()
  if (flags.has(known) && value === undefined) return []
  if (!settings.has(known)) return [`"options": sshd knows no option ${shown}, and would refuse the key`]
  if (value === undefined || !/^="(\\"|[^"\r\n\0])*"$/.test(value) || value.endsWith('\\"'))
    return [`"options": ${shown} needs a value in double quotes: ${name}="..."`]
  return []
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
