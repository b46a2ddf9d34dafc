/** Modules about the host itself and who gets in: base, users, ssh. */
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { base } from '../../catalogs/module/base.ts'
import { hostFirewall } from '../../catalogs/module/firewall.ts'
import { ssh } from '../../catalogs/module/ssh.ts'
import { users } from '../../catalogs/module/users.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { canRunHosts } from '../lab/prerequisites.ts'
import { bootModuleHost, failuresOf, type ModuleHost } from './module-host.ts'

const hosts = canRunHosts()
describe.skipIf(!hosts.ok)(`modules on a real host${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`, () => {
  let lab: Lab
  let host: ModuleHost
  let key: string
  beforeAll(async () => {
    lab = await createLab({ name: 'access', log: console.log })
    host = await bootModuleHost(lab, 'access-1', import.meta.dirname)
    await host.shell('DEBIAN_FRONTEND=noninteractive apt-get install -y -qq openssh-client')
    await host.shell('ssh-keygen -q -t ed25519 -N "" -C root@lab -f /root/.ssh/id_ed25519 2>&1')
    key = (await host.output(['cat', '/root/.ssh/id_ed25519.pub'])).trim()
  })
  afterAll(() => lab.close())

  it('base', async () => {
    await host.check({
      declare: () => {
        base({
          hostname: 'access-1.example.org',
          timezone: 'Europe/Berlin',
          locale: 'en_US.UTF-8',
          packages: ['unzip'],
          motd: 'Mind the gap\n',
          sysctl: { 'net.ipv4.ip_forward': 1 },
          journal: { maxUse: '64M' },
        })
      },
      drift: 'echo mine > /etc/motd',
      shows: 'file:/etc/motd',
    })
    const seen = await host.shell(
      'hostname -f; date +%Z; . /etc/default/locale; echo $LANG; cat /etc/motd; cat /etc/sysctl.d/*ip_forward.conf; ls -d /var/log/journal',
    )
    expect(seen).toMatch(
      /^access-1\.example\.org\nCES?T\nen_US\.UTF-8\nMind the gap\n.*net.ipv4.ip_forward ?= ?1\n\/var\/log\/journal\n$/s,
    )
  })

  const people = () =>
    users({
      groups: { admins: { sudo: true } },
      people: {
        ada: { name: 'Ada', groups: ['admins'], keys: [key] },
        bob: { keys: [{ key, options: ['restrict', 'command="echo only this"'] }], sudo: ['/usr/bin/id'] },
      },
      absent: ['mallory'],
    })
  const login = (who: string, command = 'id -un', options = '') =>
    host.run([
      ...['sh', '-c'],
      `ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR ${options} -p 2222 ${who}@127.0.0.1 ${command}`,
    ])

  it('users and ssh: keys let in, passwords and undeclared keys do not', async () => {
    await host.shell('useradd -m mallory')
    await host.check({
      declare: () => {
        people()
        ssh({ port: 2222, allowGroups: ['admins', 'bob'] })
      },
      drift:
        'ssh-keygen -q -t ed25519 -N "" -f /root/other; cat /root/other.pub >> /home/ada/.ssh/authorized_keys; echo PasswordAuthentication yes >> /etc/ssh/sshd_config',
      shows: 'ssh_key_purge:ada',
    })
    expect(await login('ada')).toMatchObject({ code: 0, stdout: 'ada\n' })
    expect(await login('ada', 'sudo -n id -un')).toMatchObject({ code: 0, stdout: 'root\n' })
    expect(await login('bob')).toMatchObject({ code: 0, stdout: 'only this\n' })
    expect(
      await host.run(['sh', '-c', 'su bob -c "sudo -n /usr/bin/id -un && ! sudo -n true"']),
    ).toMatchObject({
      code: 0,
    })
    expect(await login('ada', 'true', '-i /root/other -o IdentitiesOnly=yes')).toMatchObject({ code: 255 })
    expect((await login('root')).stderr).toContain('Permission denied (publickey)')
    expect((await host.run(['id', 'mallory'])).code).not.toBe(0)
  })

  it('ssh: what sshd does not understand is not moved in, and the way in stays', async () => {
    const before = await host.output(['cat', '/etc/ssh/sshd_config'])
    const broken = await host.converge(() => {
      people()
      ssh({ port: 2222, settings: { Nonsense: 'yes' } })
    })
    expect(failuresOf(broken)).toMatchObject([
      { id: 'file:/etc/ssh/sshd_config', outcome: 'failed' },
      { id: 'service:ssh', outcome: 'skipped' },
    ])
    expect(await host.output(['cat', '/etc/ssh/sshd_config'])).toBe(before)
    expect(await login('ada')).toMatchObject({ code: 0 })
  })

  it('ssh: a session survives a change, and passwords are offered once they are asked for', async () => {
    await host.shell(
      'ssh -o StrictHostKeyChecking=no -f -N -M -S /root/master -p 2222 ada@127.0.0.1 2> /dev/null',
    )
    const changed = await host.converge(() => {
      people()
      ssh({ port: 2222, passwords: true })
    })
    expect(failuresOf(changed)).toEqual([])
    expect((await login('ada', 'true', '-o PubkeyAuthentication=no -o BatchMode=yes')).stderr).toContain(
      'password',
    )
    expect(await host.shell('ssh -S /root/master -p 2222 ada@127.0.0.1 id -un')).toBe('ada\n')
    await host.shell('ssh -S /root/master -O exit ada@127.0.0.1 2>&1')
  })

  /** Whether the machine that the host runs on gets a connection. */
  const reaches = async (port: number) => {
    const machine = await lab.driver.status('access-1')
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const socket = connect({ host: machine?.address ?? '', port, timeout: 700 })
    for (const event of ['error', 'timeout']) socket.once(event, () => resolve(false))
    socket.once('connect', () => resolve(true))
    return promise.finally(() => socket.destroy())
  }

  it('hostFirewall: lets in what the rules name, and comes back after changes by hand and a boot', async () => {
    for (const port of [7000, 7001])
      await host.shell(
        `systemd-run -q --unit=listen-${port} /usr/lib/rekindle/node -e "require('net').createServer().listen(${port})"`,
      )
    await expect
      .poll(async () => [await reaches(7000), await reaches(7001)], { timeout: 10_000 })
      .toEqual([true, true])
    await host.check({
      declare: () => {
        hostFirewall({
          sshPort: 2222,
          allow: [
            { port: 2222, from: ['198.18.0.0/15', 'fd00::/8'], limit: '100/second' },
            { port: ['6990-7000'] },
          ],
          deny: ['192.0.2.66', '2001:db8::/32'],
          allowOut: [{ port: 8181, comment: 'packages' }],
          output: 'drop',
          log: true,
          confirm: { host: lab.address, port: 8181, seconds: 5 },
        })
      },
      drift: 'nft add rule inet filter input tcp dport 7001 accept; nft delete chain inet filter forward',
      shows: 'firewall:inet filter',
    })
    expect([await reaches(7000), await reaches(7001), await reaches(2222)]).toEqual([true, false, true])
    await host.shell('nft flush ruleset; systemctl restart nftables')
    expect([await reaches(7000), await reaches(7001)]).toEqual([true, false])
  })

  it('hostFirewall: rules that cut the host off are taken back', async () => {
    const cut = await host.converge(() => {
      hostFirewall({
        sshPort: 2222,
        allow: [{ port: 2222 }],
        output: 'drop',
        confirm: { host: lab.address, port: 8181, seconds: 1 },
      })
    })
    expect(failuresOf(cut)).toMatchObject([{ id: 'firewall:inet filter' }, { id: 'service:nftables' }])
    expect(await reaches(7000)).toBe(true)
    await host.shell('nft flush ruleset')
  })
})
