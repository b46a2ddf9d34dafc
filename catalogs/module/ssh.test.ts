import { describe, expect, it } from 'vitest'
import { group, user } from '../api/resource/account.ts'
import { sshAuthorizedKey } from '../api/resource/ssh.ts'
import { role } from '../api/role.ts'
import { type CompileOptions, compile } from '../api/testing.ts'
import { type SshOptions, ssh } from './ssh.ts'

const key = Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from('ssh-ed25519'),
  Buffer.from([0, 0, 0, 32]),
  Buffer.alloc(32, 1),
]).toString('base64')
const keyOf = (name: string) => sshAuthorizedKey(`${name}@x`, { user: name, type: 'ssh-ed25519', key })

function compiled(
  options: SshOptions = { keysElsewhere: true },
  also = () => {},
  facts: CompileOptions = {},
) {
  return compile(
    role('r', () => {
      ssh(options)
      also()
    }),
    facts,
  )
}
const textOf = (options: SshOptions) =>
  compiled({ keysElsewhere: true, ...options }).find('file', '/etc/ssh/sshd_config').content

describe('ssh()', () => {
  it('takes keys only, lets root not in and forwards nothing', () => {
    const lines = textOf({})?.split('\n')
    for (const line of [
      'Port 22',
      'PermitRootLogin no',
      'PubkeyAuthentication yes',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'AllowTcpForwarding no',
      'AllowAgentForwarding no',
      'X11Forwarding no',
      'Subsystem sftp internal-sftp',
      'Ciphers -*-cbc*',
    ])
      expect(lines).toContain(line)
    expect(lines?.join()).not.toContain('Include')
  })

  it('is read by sshd before it is moved in, and reloaded then', () => {
    const catalog = compiled()
    expect(catalog.find('file', '/etc/ssh/sshd_config').params.validate).toContain('%')
    expect(catalog.find('service', 'ssh')).toMatchObject({
      params: { ensure: 'running', enable: true, onRefresh: 'reload' },
      subscribe: ['file:/etc/ssh/sshd_config'],
    })
    expect(compiled(undefined, undefined, { facts: { os: { family: 'redhat' } } }).ids).toContain(
      'service:sshd',
    )
  })

  it.each<[SshOptions, string]>([
    [{ port: [22, 2222] }, 'Port 22\nPort 2222\n'],
    [{ listen: ['192.0.2.1'] }, 'ListenAddress 192.0.2.1\n'],
    [{ rootLogin: 'keys' }, 'PermitRootLogin prohibit-password\n'],
    [{ rootLogin: 'commands' }, 'PermitRootLogin forced-commands-only\n'],
    [{ passwords: true }, 'PasswordAuthentication yes\nKbdInteractiveAuthentication yes\n'],
    [{ allowUsers: ['ada', 'bob@192.0.2.*'] }, 'AllowUsers ada bob@192.0.2.*\n'],
    [{ allowGroups: ['admins'] }, 'AllowGroups admins\n'],
    [{ agentForwarding: true, tcpForwarding: true }, 'AllowAgentForwarding yes\nAllowTcpForwarding yes\n'],
    [{ maxAuthTries: 2, loginGraceSeconds: 10 }, 'MaxAuthTries 2\nLoginGraceTime 10\n'],
    [{ clientAliveSeconds: 0 }, 'ClientAliveInterval 0\n'],
    [{ banner: 'Keep out\n' }, 'Banner /etc/ssh/banner\n'],
    [
      { settings: { x11forwarding: true, AcceptEnv: ['A', 'B'] } },
      'x11forwarding yes\nAcceptEnv A\nAcceptEnv B\n',
    ],
    [
      { matches: [{ when: 'User b', settings: { ForceCommand: 'id' } }] },
      'Match User b\n  ForceCommand id\n',
    ],
    [{ includeDropins: true }, 'Include /etc/ssh/sshd_config.d/*.conf\nPort'],
  ])('%j', (options, expected) => {
    expect(textOf(options)).toContain(expected)
  })

  it('lets raw settings win whatever their case', () => {
    expect(textOf({ settings: { x11forwarding: true } })).not.toContain('X11Forwarding')
    expect(textOf({ algorithms: 'default', sftp: false })).not.toMatch(/Ciphers|Subsystem/)
  })

  it('changes only after every key of the role is in place', () => {
    const catalog = compiled({}, () => keyOf('ada'))
    expect(catalog.find('file', '/etc/ssh/sshd_config').require).toContain('ssh_authorized_key:ada@x')
  })

  it('leaves a key that is declared to come after it where it is', () => {
    const catalog = compile(
      role('r', () => {
        const server = ssh()
        sshAuthorizedKey('ada@x', { user: 'ada', type: 'ssh-ed25519', key, require: server })
      }),
    )
    expect(catalog.find('file', '/etc/ssh/sshd_config').require).toEqual(['package:openssh-server'])
  })
})

describe('ssh() that would let nobody in', () => {
  const noWay = /Cannot use ssh: it would leave no way in: the role declares no key.*\(ssh\.test\.ts:\d+\)/

  it.each<[string, SshOptions, () => void]>([
    ['no key', {}, () => {}],
    ['a key of root, who may not log in', {}, () => keyOf('root')],
    ['a key of another than is allowed', { allowUsers: ['bob'] }, () => keyOf('ada')],
    ['a user who is kept out', { allowUsers: ['!ada', 'bob'] }, () => keyOf('ada')],
    ['a key of nobody in the group', { allowGroups: ['admins'] }, () => keyOf('ada')],
    [
      'a key that is to go',
      {},
      () => sshAuthorizedKey('a', { user: 'ada', type: 'ssh-ed25519', key, ensure: 'absent' }),
    ],
  ])('is refused: %s', (_, options, also) => {
    expect(() => compiled(options, also)).toThrow(noWay)
  })

  it.each<[string, SshOptions, () => void]>([
    ['keys that are elsewhere', { keysElsewhere: true }, () => {}],
    ['passwords', { passwords: true }, () => {}],
    ['a key', {}, () => keyOf('ada')],
    ['a key of root, who may', { rootLogin: 'keys' }, () => keyOf('root')],
    ['an allowed user', { allowUsers: ['a*@192.0.2.?'] }, () => keyOf('ada')],
    [
      'a member by the user',
      { allowGroups: ['admins'] },
      () => {
        user('ada', { groups: ['admins'] })
        keyOf('ada')
      },
    ],
    [
      'a member by the group',
      { allowGroups: ['admins'] },
      () => {
        group('admins', { members: ['ada'] })
        keyOf('ada')
      },
    ],
  ])('is taken with %s', (_, options, also) => {
    expect(compiled(options, also).ids).toContain('service:ssh')
  })

  it('is refused when keys are switched off and passwords are', () => {
    expect(() => compiled({ keysElsewhere: true, settings: { PubkeyAuthentication: false } })).toThrow(
      'neither keys nor passwords are taken',
    )
  })
})

it.each<[object, string]>([
  [{ port: 0 }, 'option "port"'],
  [{ rootLogin: 'yes' }, 'option "rootLogin": wanted one of false, "keys", "commands", found "yes"'],
  [{ settings: { 'A\nB': 1 } }, 'option "settings"'],
  [{ settings: { Banner: 'a\nb' } }, 'option "settings.Banner"'],
  [{ allowUsers: ['a b'] }, 'option "allowUsers.0"'],
])('ssh() refuses %j', (options, said) => {
  expect(() => compiled(options as SshOptions)).toThrow(said)
})
