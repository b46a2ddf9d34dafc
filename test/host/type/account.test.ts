/** Accounts on a real host, beyond the cases of resource.test.ts; purge and inspect over them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLab, type Lab } from '../../lab/lab.ts'
import { canRunHosts } from '../../lab/prerequisites.ts'
import { type ConvergeCase, checkCase } from '../converge-case.ts'
import { bootHost, type OnHost } from '../on-host.ts'

const hosts = canRunHosts()
const hash = '$6$rounds=5000$abcdefgh$O2gFMdaBXnBNmLMNNDKJHYmZoIvdxm'

describe.skipIf(!hosts.ok)(`accounts${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`, () => {
  let lab: Lab
  let host: OnHost
  beforeAll(async () => {
    lab = await createLab({ name: 'account', log: console.log })
    host = await bootHost(lab, 'account-1')
  })
  afterAll(() => lab.close())

  const user = (name: string, params: Record<string, unknown>) => host.resource(`user:${name}`, params)
  const cases: readonly ConvergeCase[] = [
    {
      title: 'a shell, a group and a password (U1)',
      resources: () => [
        host.resource('group:usual', { gid: 4050 }),
        host.resource(
          'user:usual',
          { uid: 4051, group: 'usual', shell: '/bin/bash', password: hash },
          { require: ['group:usual'] },
        ),
      ],
      drift: ['sh', '-c', 'usermod --shell=/bin/sh --gid=0 usual && echo usual:other | chpasswd'],
      shows: ['user:usual', 'password'],
      look: ['sh', '-c', 'getent passwd usual; getent shadow usual | cut -d: -f2'],
      seen: `usual:x:4051:4050::/home/usual:/bin/bash\n${hash}\n`,
    },
    {
      title: 'a locked password',
      resources: () => [user('locked', { password: hash, locked: true })],
      drift: ['usermod', '--unlock', 'locked'],
      shows: ['user:locked', 'locked'],
      look: ['sh', '-c', 'getent shadow locked | cut -d: -f2 | cut -c1-4'],
      seen: '!$6$\n',
    },
    {
      title: 'the last day of an account',
      resources: () => [user('leaving', { expiry: '2031-05-06' })],
      drift: ['usermod', '--expiredate=', 'leaving'],
      shows: ['user:leaving', 'expiry'],
      look: ['sh', '-c', 'chage -l leaving | grep "Account expires" | cut -d: -f2'],
      seen: ' May 06, 2031\n',
    },
    {
      title: 'an account without a last day (U7)',
      resources: () => [user('staying', { expiry: 'never' })],
      drift: ['usermod', '--expiredate=2031-05-06', 'staying'],
      shows: ['user:staying', 'expiry'],
      look: ['sh', '-c', 'getent shadow staying | cut -d: -f8'],
      seen: '\n',
    },
    {
      title: 'how long a password may stay',
      resources: () => [user('ageing', { passwordMinDays: 1, passwordMaxDays: 365, passwordWarnDays: 14 })],
      drift: ['chage', '-m', '0', '-M', '30', '-W', '7', 'ageing'],
      shows: ['user:ageing', 'passwordMaxDays'],
      look: ['sh', '-c', 'getent shadow ageing | cut -d: -f4-6'],
      seen: '1:365:14\n',
    },
    {
      title: 'a password that stays for ever',
      resources: () => [user('lasting', { passwordMaxDays: -1 })],
      drift: ['chage', '-M', '30', 'lasting'],
      shows: ['user:lasting', 'passwordMaxDays'],
      look: ['sh', '-c', 'getent shadow lasting | cut -d: -f5'],
      seen: '\n',
    },
    {
      title: 'an account and a group that share the ids of others',
      resources: () => [
        user('first', { uid: 4100 }),
        host.resource('group:twin', { gid: 4100, allowDuplicateId: true }, { require: ['user:first'] }),
        host.resource(
          'user:twin',
          { uid: 4100, allowDuplicateId: true, group: 'twin' },
          { require: ['group:twin'] },
        ),
      ],
      drift: ['usermod', '--uid=4101', 'twin'],
      shows: ['user:twin', 'uid'],
      look: ['sh', '-c', 'getent passwd twin | cut -d: -f3,4'],
      seen: '4100:4100\n',
    },
    {
      title: 'the members of a group',
      resources: () => [
        user('ada', {}),
        user('grace', {}),
        host.resource(
          'group:crew',
          { members: ['ada', 'grace'], membership: 'inclusive' },
          { require: ['user:ada', 'user:grace'] },
        ),
      ],
      drift: ['gpasswd', '--members=root', 'crew'],
      shows: ['group:crew', 'members'],
      look: ['sh', '-c', 'getent group crew | cut -d: -f4'],
      seen: 'ada,grace\n',
    },
  ]
  it.each(cases)('$title: converges, holds, shows drift, is corrected', (one) => checkCase(host, one))

  it('an id that another has fails the user and the group alone, with the name of the other', async () => {
    const { report } = await host.apply([
      user('taken', { uid: 0 }),
      host.resource('group:taken', { gid: 0 }),
      user('beside', {}),
    ])
    expect(report.resources.map(({ outcome, error }) => [outcome, error?.message])).toEqual([
      ['failed', 'Cannot apply user:taken: uid 0 belongs to "root"'],
      ['failed', 'Cannot apply group:taken: gid 0 belongs to "root"'],
      ['changed', undefined],
    ])
    expect((await host.run(['id', 'taken'])).code).toBe(1)
    expect((await host.run(['getent', 'group', 'taken'])).code).toBe(2)
  })

  it('a change to an id that another has leaves the account as it was', async () => {
    await host.apply([user('steady', { uid: 4200 })])
    const { report } = await host.apply([user('steady', { uid: 0, shell: '/bin/bash' })])
    expect(report.resources[0]?.error?.message).toContain('uid 0 belongs to "root"')
    expect(await host.output(['sh', '-c', 'getent passwd steady | cut -d: -f3,7'])).toBe('4200:/bin/sh\n')
  })

  it('a group that is missing fails the user, and it is not created (U4)', async () => {
    const { report } = await host.apply([user('groupless', { groups: ['no-such'] })])
    expect(report.resources[0]?.error?.message).toContain('group "no-such" does not exist')
    expect((await host.run(['getent', 'passwd', 'groupless'])).code).not.toBe(0)
  })

  it('a new hash shows on neither side, in a no-op run too (U5)', async () => {
    const { report } = await host.apply([user('locked', { password: `${hash}x`, locked: true })], {
      noop: true,
    })
    expect(report.resources[0]?.changes).toEqual([
      { property: 'password', from: '[redacted]', to: '[redacted]' },
    ])
    expect(JSON.stringify(report)).not.toContain('O2gFMdaB')
  })

  it('a home goes with its account, and stays where it was when only the name of it changes (U2)', async () => {
    const home = { home: '/home/mover', manageHome: true }
    await host.apply([user('mover', home)])
    await host.output(['touch', '/home/mover/kept'])
    await host.apply([user('mover', { home: '/home/elsewhere', manageHome: true })])
    expect(await host.output(['ls', '/home/mover'])).toBe('kept\n')
    await host.output(['usermod', '--home=/home/mover', 'mover'])
    await host.apply([user('mover', { ensure: 'absent', manageHome: true })])
    expect((await host.run(['test', '-e', '/home/mover'])).code).toBe(1)
  })

  it('undeclared people are named by a plan, go in a run, and those of the system stay (X7)', async () => {
    await host.output(['useradd', '--uid=4711', 'stranger'])
    await host.output(['useradd', '--system', 'robot'])
    const declared = [
      ...['ada', 'grace', 'locked', 'leaving', 'staying', 'mover', 'ageing', 'lasting'],
      ...['first', 'twin', 'usual', 'beside', 'steady'],
    ]
    const purge = [host.resource('purge:user', { declared })]
    const planned = await host.apply(purge, { noop: true })
    expect(planned.report.resources[0]?.changes).toEqual([
      { property: 'stranger', from: 'present', to: 'absent' },
    ])
    expect((await host.run(['getent', 'passwd', 'stranger'])).code).toBe(0)
    expect((await host.apply(purge)).code).toBe(2)
    expect((await host.run(['getent', 'passwd', 'stranger'])).code).not.toBe(0)
    expect((await host.run(['getent', 'passwd', 'robot'])).code).toBe(0)
    expect((await host.apply(purge)).code).toBe(0)
  })

  it.each(['ada', 'ageing', 'leaving', 'twin'])(
    'what inspect prints of %s changes nothing when it is applied',
    async (name) => {
      const [found] = JSON.parse(await host.output(['rekindle', 'inspect', 'user', name, '--json'])) as [
        { title: string; params: Record<string, unknown> },
      ]
      expect((await host.apply([user(found.title, found.params)])).code).toBe(0)
    },
  )

  it('inspect prints what holds people to something', async () => {
    const ageing = await host.output(['rekindle', 'inspect', 'user', 'ageing'])
    expect(ageing).toContain('passwordMaxDays: 365')
    expect(await host.output(['rekindle', 'inspect', 'user', 'leaving'])).toContain("expiry: '2031-05-06'")
    expect(await host.output(['rekindle', 'inspect', 'user', 'twin'])).toContain('allowDuplicateId: true')
    expect(await host.output(['rekindle', 'inspect', 'user', 'lasting'])).not.toContain('Days')
    expect(await host.output(['rekindle', 'inspect', 'user', 'ada'])).toContain("user('ada', {")
  })

  it('adopt writes a role with what is not of the base system, and names the changed configuration files', async () => {
    await host.output(['sh', '-c', 'echo "# by hand" >> /etc/bash.bashrc'])
    await host.output(['rekindle', 'adopt', '/root/adopted', '--name', 'old-host'])
    const role = await host.output(['cat', '/root/adopted/role.ts'])
    expect(role).toContain("export const oldHost = role('old-host', () => {")
    expect(role).toContain("user('ada', {")
    expect(role).not.toContain("user('root'")
    expect(role).toContain("file('/etc/bash.bashrc', {")
    expect(await host.output(['tail', '-n', '1', '/root/adopted/adopted/etc/bash.bashrc'])).toBe(
      '# by hand\n',
    )
  })
})
