/** Keys of users and hosts, on a real host with OpenSSH's own tools. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLab, type Lab } from '../../lab/lab.ts'
import { canRunHosts } from '../../lab/prerequisites.ts'
import { type ConvergeCase, checkCase } from '../converge-case.ts'
import { bootHost, type OnHost } from '../on-host.ts'

const hosts = canRunHosts()

describe.skipIf(!hosts.ok)(`keys of ssh${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`, () => {
  let lab: Lab
  let host: OnHost
  const keys: string[] = []
  beforeAll(async () => {
    lab = await createLab({ name: 'ssh', log: console.log })
    host = await bootHost(lab, 'ssh-1')
    await shell('apt-get install -y -qq openssh-client >/dev/null 2>&1')
    for (const name of ['a', 'b', 'c']) {
      await shell(`ssh-keygen -q -t ed25519 -N "" -C ${name} -f /root/${name}`)
      keys.push((await shell(`cut -d " " -f 2 /root/${name}.pub`)).trim())
    }
    await shell('useradd -m ada; useradd -m bob')
  })
  afterAll(() => lab.close())

  const shell = (script: string) => host.output(['sh', '-c', script])
  const [type, of] = ['ssh-ed25519', (at: number) => keys[at] ?? '']
  const authorized = (title: string, at: number, params: Record<string, unknown> = {}) =>
    host.resource(`ssh_authorized_key:${title}`, { user: 'ada', type, key: of(at), ...params })
  const purge = (user: string, declaredKeys: readonly string[]) =>
    host.resource(`ssh_key_purge:${user}`, { declaredKeys })
  const known = (title: string, at: number, params: Record<string, unknown> = {}) =>
    host.resource(`ssh_known_host:${title}`, { type, key: of(at), ...params })
  const file = '/home/ada/.ssh/authorized_keys'

  const cases: readonly ConvergeCase[] = [
    {
      title: 'ssh_authorized_key',
      resources: () => [authorized('ada@laptop', 0, { options: ['restrict', 'from="10.0.0.0/8"'] })],
      drift: ['sh', '-c', `sed -i 's/restrict,//' ${file}; chmod 666 ${file}`],
      shows: ['ssh_authorized_key:ada@laptop', 'options'],
      look: [
        'sh',
        '-c',
        `stat -c '%U %a' /home/ada/.ssh ${file}; ssh-keygen -lf ${file} | cut -d ' ' -f 1,3,4`,
      ],
      seen: 'ada 700\nada 600\n256 ada@laptop (ED25519)\n',
    },
    {
      title: 'ssh_known_host of all users',
      resources: () => [known('git.example.org', 0, { aliases: ['10.0.0.5'] })],
      drift: ['sh', '-c', 'sed -i s/10.0.0.5/10.0.0.6/ /etc/ssh/ssh_known_hosts'],
      shows: ['ssh_known_host:git.example.org', 'names'],
      look: ['sh', '-c', 'ssh-keygen -f /etc/ssh/ssh_known_hosts -F 10.0.0.5 | grep -c ed25519'],
      seen: '1\n',
    },
    {
      title: 'ssh_known_host of a user',
      resources: () => [known('db', 1, { user: 'bob' })],
      drift: ['rm', '/home/bob/.ssh/known_hosts'],
      shows: ['ssh_known_host:db', 'ensure'],
      look: ['stat', '-c', '%U %a', '/home/bob/.ssh/known_hosts'],
      seen: 'bob 600\n',
    },
  ]
  it.each(cases)('$title: converges, holds, shows drift, is corrected', (one) => checkCase(host, one))

  it('an authorized key goes, and what is not of it stays', async () => {
    await shell(`printf '# mine\\nssh-ed25519 ${of(1)} b\\n' >> ${file}`)
    const absent = [authorized('ada@laptop', 0, { ensure: 'absent' })]
    expect((await host.apply(absent)).code).toBe(2)
    expect(await shell(`cat ${file}`)).toBe(`# mine\nssh-ed25519 ${of(1)} b\n`)
    expect((await host.apply(absent)).code).toBe(0)
  })

  it('works in the run that makes the user', async () => {
    const resources = [
      host.resource('user:eve', { manageHome: true }),
      authorized('eve', 2, { user: 'eve' }),
    ].map((one) => (one.id.startsWith('ssh') ? { ...one, require: ['user:eve'] } : one))
    const { code, report } = await host.apply(resources)
    expect(code, JSON.stringify(report)).toBe(2)
    expect(await shell('stat -c "%U %a" /home/eve/.ssh /home/eve/.ssh/authorized_keys')).toBe(
      'eve 700\neve 600\n',
    )
    expect((await host.apply(resources)).code).toBe(0)
  })

  it('a hashed name of another key is replaced, one of another host stays', async () => {
    await shell(`printf 'git ssh-ed25519 ${of(1)}\\nweb ssh-ed25519 ${of(1)}\\n' > /etc/ssh/ssh_known_hosts`)
    await shell('ssh-keygen -q -H -f /etc/ssh/ssh_known_hosts; rm /etc/ssh/ssh_known_hosts.old')
    const { report } = await host.apply([known('git', 2)])
    expect(report.resources[0]?.changes[0]).toMatchObject({ property: 'key' })
    const find = (name: string) => shell(`ssh-keygen -f /etc/ssh/ssh_known_hosts -F ${name} | tail -n 1`)
    expect(await find('git')).toContain(of(2))
    expect(await find('web')).toContain(of(1))
    expect((await host.apply([known('git', 2)])).code).toBe(0)
  })

  it('undeclared keys of a user go, each named, and declared ones stay', async () => {
    await shell(`printf '# mine\\nssh-ed25519 ${of(0)} a\\nssh-ed25519 ${of(1)} intruder\\n' > ${file}`)
    const resources = [authorized('a', 0), purge('ada', [of(0)])]
    const noop = await host.apply(resources, { noop: true })
    expect(noop.report.resources.find(({ id }) => id === 'ssh_key_purge:ada')?.changes).toMatchObject([
      { property: expect.stringMatching(/^key .*SHA256:.* intruder$/), to: 'absent' },
    ])
    expect(await shell(`cat ${file}`)).toContain('intruder')
    expect((await host.apply(resources)).code).toBe(2)
    expect(await shell(`cat ${file}`)).toBe(`# mine\nssh-ed25519 ${of(0)} a\n`)
    expect((await host.apply(resources)).code).toBe(0)
  })

  it('undeclared keys stay for as long as a declared one could not be put there, and go in the run in which it is', async () => {
    const target = '/srv/keys/ada'
    await shell(`printf 'ssh-ed25519 ${of(1)} old\\n' > ${file}`)
    const key = authorized('ada', 2, { target })
    const resources = [key, { ...purge('ada', [`${of(2)} ${target}`]), require: [key.id] }]
    const outcomes = async () => (await host.apply(resources)).report.resources.map(({ outcome }) => outcome)
    expect(await outcomes()).toEqual(['failed', 'skipped'])
    const alone = await host.apply([purge('ada', [`${of(2)} ${target}`])])
    expect(alone.report.resources[0]?.error?.message).toContain(
      'declared keys are not there yet: /srv/keys/ada SHA256:',
    )
    expect(await shell(`cat ${file}`)).toContain('old')
    await shell('mkdir /srv/keys')
    expect(await outcomes()).toEqual(['changed', 'changed'])
    expect(await shell(`cat ${file}; cut -d ' ' -f 3 ${target}`)).toBe('ada\n')
  })

  it('a link that the user has planted is refused, and leads nowhere', async () => {
    await shell(
      'rm -rf /home/bob/.ssh; mkdir -p /srv/secret; chmod 700 /srv/secret; ln -s /srv/secret /home/bob/.ssh',
    )
    await shell('chown -h bob: /home/bob/.ssh')
    const { report } = await host.apply([authorized('x', 0, { user: 'bob' })])
    expect(report.resources[0]).toMatchObject({ outcome: 'failed', error: { code: 'resource-unreadable' } })
    expect(report.resources[0]?.error?.message).toContain('symbolic link')
    expect(await shell('ls /srv/secret')).toBe('')
  })

  it('a link in place of the keys fails the purge, and keeps nobody from being locked', async () => {
    const at = '/home/bob/.ssh/authorized_keys'
    await shell('rm -f /home/bob/.ssh; rm -rf /home/bob/.ssh; install -d -o bob -g bob -m 700 /home/bob/.ssh')
    await shell(`ln -s /etc/shadow ${at}; chown -h bob: ${at}; echo bob:secret | chpasswd`)
    const bob = host.resource('user:bob', { locked: true })
    const { report } = await host.apply([bob, authorized('x', 0, { user: 'bob' }), purge('bob', [])])
    expect(report.resources.map(({ outcome }) => outcome)).toEqual(['changed', 'failed', 'failed'])
    expect(report.resources[2]?.error?.message).toContain(`Cannot read "${at}": a symbolic link stands there`)
    expect(await shell('passwd -S bob | cut -d " " -f 2')).toBe('L\n')
    expect(await shell(`readlink ${at}`)).toBe('/etc/shadow\n')
    expect(JSON.stringify(report)).not.toContain('$y$')
  })

  it("a file of root's that the user has moved in is not made theirs", async () => {
    const at = '/home/bob/.ssh/authorized_keys'
    await shell(`rm ${at}; echo secret > /home/bob/private; chmod 600 /home/bob/private`)
    await shell(`runuser -u bob -- mv /home/bob/private ${at}`)
    const { report } = await host.apply([authorized('x', 0, { user: 'bob' })])
    expect(report.resources[0]?.error?.message).toContain('user "bob" may not read it')
    expect(await shell(`stat -c '%U %a' ${at}; cat ${at}`)).toBe('root 600\nsecret\n')
  })

  it('a target of root is written as root, for sshd to read', async () => {
    const target = '/etc/ssh/authorized_keys/bob'
    const resources = [authorized('bob', 1, { user: 'bob', target })]
    expect((await host.apply(resources)).report.resources[0]?.error?.hint).toBe(
      'Declare file "/etc/ssh/authorized_keys" with ensure "directory"',
    )
    await shell('mkdir /etc/ssh/authorized_keys')
    expect((await host.apply(resources)).code).toBe(2)
    expect(await shell(`stat -c '%U %a' ${target}; ssh-keygen -lf ${target} | cut -d ' ' -f 3`)).toBe(
      'root 644\nbob\n',
    )
    expect((await host.apply(resources)).code).toBe(0)
  })

  it('no user and no home are said, with what to do', async () => {
    await shell('useradd -M -d /home/none nohome')
    const { report } = await host.apply([
      authorized('x', 0, { user: 'ghost' }),
      authorized('y', 0, { user: 'nohome' }),
    ])
    expect(report.resources.map(({ error }) => error?.hint)).toEqual([
      'Declare user "ghost"',
      expect.stringContaining('Declare user "nohome" with manageHome'),
    ])
  })

  it('inspect prints keys that would change nothing', async () => {
    const printed = await host.output(['rekindle', 'inspect', 'ssh_authorized_key', 'eve'])
    expect(printed.replace(/\s+/g, ' ')).toContain(
      `sshAuthorizedKey('eve', { user: 'eve', type: 'ssh-ed25519', key: '${of(2)}', })`,
    )
  })
})
