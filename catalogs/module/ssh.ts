/** The OpenSSH server, hardened, and never without a way in. */
import { facts } from '../api/facts.ts'
import type { Container } from '../api/reference.ts'
import { file } from '../api/resource/file.ts'
import { pkg } from '../api/resource/package.ts'
import { service } from '../api/resource/service.ts'
import { type Checked, declareModule, type ModuleOptions, type Wrong } from './part/declare.ts'
import { holdWayIn } from './part/way-in.ts'
import { yielding } from './part/yielding.ts'

export type SshOptions = ModuleOptions<'module/ssh'>
type Ssh = Checked<'module/ssh'>
type Setting = string | number | boolean | readonly string[]
type Settings = Readonly<Record<string, Setting>>

const path = '/etc/ssh/sshd_config'

/**
 * The OpenSSH server: keys only, no root, no forwarding, unless you say otherwise.
 *
 * @example ssh({ allowGroups: ['admins'], tcpForwarding: true })
 */
export function ssh(options: SshOptions = {}): Container {
  return declareModule({ name: 'ssh', schema: 'module/ssh', options, wrong, declare: declareSsh })
}

function wrong({ settings = {}, passwords = false }: Ssh): readonly Wrong[] {
  const noKeys = Object.entries(settings).some(
    ([name, value]) =>
      name.toLowerCase() === 'pubkeyauthentication' && ['no', 'false'].includes(String(value)),
  )
  return noKeys && !passwords
    ? [
        {
          message: 'it would leave no way in: neither keys nor passwords are taken',
          hint: 'Leave PubkeyAuthentication as it is, or set "passwords"',
        },
      ]
    : []
}

function declareSsh(options: Ssh): void {
  const server = yielding(() => pkg('openssh-server'))
  const { banner } = options
  if (banner !== undefined) file('/etc/ssh/banner', { content: banner, mode: '0644', require: server })
  const conf = file(path, {
    content: renderSshd(options),
    owner: 'root',
    group: 'root',
    mode: '0600',
    // On Debian sshd wants this directory even for a look, and only the running service has it.
    validate: ['/bin/sh', '-c', 'mkdir -p /run/sshd && exec sshd -t -f "$1"', 'sh', '%'],
    require: server,
  })
  const name = facts.os.family === 'debian' ? 'ssh' : 'sshd'
  // A reload keeps sessions, the one of who did this among them.
  service(name, { ensure: 'running', enable: true, onRefresh: 'reload', subscribe: conf })
  holdWayIn(path, options)
}

/** The text of sshd_config; of each keyword, sshd takes the first that it reads. */
function renderSshd(options: Ssh): string {
  const { includeDropins = false, matches = [], settings = {} } = options
  const own = { ...listening(options), ...access(options), ...sessions(options), ...algorithms(options) }
  return [
    '# Managed by Rekindle: changes made here by hand go away.',
    ...(includeDropins ? ['Include /etc/ssh/sshd_config.d/*.conf'] : []),
    ...renderSettings(override(own, settings)),
    ...matches.flatMap((match) => [
      `Match ${match.when}`,
      ...renderSettings(match.settings).map((line) => `  ${line}`),
    ]),
    '',
  ].join('\n')
}

function listening({ port = 22, listen = [] }: Ssh): Settings {
  return { Port: [port].flat().map(String), ListenAddress: listen }
}

function access(options: Ssh): Settings {
  const { passwords = false, rootLogin = false, allowUsers = [], allowGroups = [], banner } = options
  const root = { keys: 'prohibit-password', commands: 'forced-commands-only', false: 'no' } as const
  return {
    PermitRootLogin: root[`${rootLogin}`],
    PubkeyAuthentication: true,
    PasswordAuthentication: passwords,
    // PAM asks for passwords by this way too.
    KbdInteractiveAuthentication: passwords,
    PermitEmptyPasswords: false,
    UsePAM: true,
    AllowUsers: allowUsers.length === 0 ? [] : allowUsers.join(' '),
    AllowGroups: allowGroups.length === 0 ? [] : allowGroups.join(' '),
    MaxAuthTries: options.maxAuthTries ?? 4,
    LoginGraceTime: options.loginGraceSeconds ?? 30,
    Banner: banner === undefined ? 'none' : '/etc/ssh/banner',
  }
}

function sessions(options: Ssh): Settings {
  const { agentForwarding = false, tcpForwarding = false, sftp = true, clientAliveSeconds = 300 } = options
  return {
    X11Forwarding: false,
    AllowAgentForwarding: agentForwarding,
    AllowTcpForwarding: tcpForwarding,
    PermitTunnel: false,
    PermitUserEnvironment: false,
    ClientAliveInterval: clientAliveSeconds,
    ClientAliveCountMax: 3,
    LogLevel: 'VERBOSE',
    PrintMotd: false,
    AcceptEnv: 'LANG LC_*',
    Subsystem: sftp ? 'sftp internal-sftp' : [],
  }
}

/** Taken away from what the installed version has, so that what a newer one brings is there at once. */
function algorithms({ algorithms: choice = 'modern' }: Ssh): Settings {
  if (choice === 'default') return {}
  return {
    KexAlgorithms: '-*sha1,ecdh-*,diffie-hellman-group14-*,diffie-hellman-group-exchange-*',
    Ciphers: '-*-cbc*',
    MACs: '-*sha1*,*md5*,umac-64*,hmac-sha2-256,hmac-sha2-512,umac-128@openssh.com',
  }
}

/** sshd's keywords have no case. */
function override(own: Settings, given: Settings): Settings {
  const names = new Set(Object.keys(given).map((name) => name.toLowerCase()))
  return {
    ...Object.fromEntries(Object.entries(own).filter(([name]) => !names.has(name.toLowerCase()))),
    ...given,
  }
}

function renderSettings(settings: Settings): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) =>
    (typeof value === 'object' ? value : [value]).map((one) => `${name} ${renderValue(one)}`),
  )
}

function renderValue(value: string | number | boolean): string {
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)
}
