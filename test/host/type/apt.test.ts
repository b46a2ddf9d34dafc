/** apt packages on a real host: versions and ranges, holds, files, answers, services that must not start, batches. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makePackages } from '../../lab/apt-repository.ts'
import { createLab, type Lab } from '../../lab/lab.ts'
import { canRunHosts } from '../../lab/prerequisites.ts'
import { checkCase } from '../converge-case.ts'
import { bootHost, type OnHost } from '../on-host.ts'

const hosts = canRunHosts()
const many = Array.from({ length: 20 }, (_, at) => `rk-many-${at + 1}`)

describe.skipIf(!hosts.ok)(`apt packages${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`, () => {
  let lab: Lab
  let host: OnHost
  beforeAll(async () => {
    lab = await createLab({ name: 'apt', log: console.log })
    await makePackages(lab.repositoryDir, [
      ...['1.0', '1.19', '2.0'].map((version) => ({ name: 'rk-range', version })),
      ...['1.0', '1.1'].map((version) => ({ name: 'rk-hold', version })),
      { name: 'rk-base', version: '1.0' },
      { name: 'rk-dependent', version: '1.0', depends: 'rk-base' },
      ...many.map((name) => ({ name, version: '1.0' })),
    ])
    host = await bootHost(lab, 'apt-1')
  })
  afterAll(() => lab.close())

  const installed = (name: string) => host.output(['dpkg-query', '-W', '-f=${Version}', name])
  const pkg = (name: string, params: Record<string, unknown> = {}) => host.resource(`package:${name}`, params)

  it('converges a hold, sees it released by hand, and holds again', () =>
    checkCase(host, {
      title: 'hold',
      resources: () => [pkg('rk-hold', { version: '1.0', held: true })],
      drift: ['apt-mark', 'unhold', 'rk-hold'],
      shows: ['package:rk-hold', 'held'],
      look: ['sh', '-c', 'apt-mark showhold; dpkg-query -W -f="\\${Version}" rk-hold'],
      seen: 'rk-hold\n1.0',
    }))

  it('a hold survives an upgrade of everything (P9), and a declared version goes through it', async () => {
    await host.output(['apt-get', 'upgrade', '-y', '-qq'])
    expect(await installed('rk-hold')).toBe('1.0')
    await host.apply([pkg('rk-hold', { version: '1.1', held: true })])
    expect([await installed('rk-hold'), await host.output(['apt-mark', 'showhold'])]).toEqual([
      '1.1',
      'rk-hold\n',
    ])
  })

  it('a range takes the newest inside, changes nothing while it holds, and moves both ways (P6, P8)', async () => {
    const apply = (version: string) => host.apply([pkg('rk-range', { version })])
    expect((await apply('<=1.19')).code).toBe(2)
    expect(await installed('rk-range')).toBe('1.19')
    expect((await apply('>=1.0 <2')).code).toBe(0)
    expect((await apply('>1.19')).code).toBe(2)
    expect(await installed('rk-range')).toBe('2.0')
    expect((await apply('>=0.5 <1.1')).code).toBe(2)
    expect(await installed('rk-range')).toBe('1.0')
    const { report } = await apply('>3')
    expect(report.resources[0]?.error?.message).toContain('apt knows no version of it in >3')
  })

  it('a file is installed once, and again when it holds another version', async () => {
    const fetch = 'cd /srv && apt-get download -qq rk-hold=1.0 && mv rk-hold_1.0_all.deb tool.deb'
    await host.output(['sh', '-c', `apt-get purge -y -qq --allow-change-held-packages rk-hold; ${fetch}`])
    const resources = [pkg('rk-hold', { source: '/srv/tool.deb' })]
    expect((await host.apply(resources)).code).toBe(2)
    expect(await installed('rk-hold')).toBe('1.0')
    expect((await host.apply(resources)).code).toBe(0)
    await host.output([
      'sh',
      '-c',
      'cd /srv && apt-get download -qq rk-hold=1.1 && mv rk-hold_1.1_all.deb tool.deb',
    ])
    expect((await host.apply(resources)).code).toBe(2)
    expect(await installed('rk-hold')).toBe('1.1')
  })

  it('removes nothing where a dependent would go too, and names it', async () => {
    await host.apply([pkg('rk-dependent')])
    const { report } = await host.apply([pkg('rk-base', { ensure: 'absent' })])
    expect(report.resources[0]?.error?.message).toContain('"rk-dependent" would be removed too')
    expect(await installed('rk-dependent')).toBe('1.0')
    expect((await host.apply([pkg('rk-base', { ensure: 'absent', removeDependents: true })])).code).toBe(2)
    expect((await host.run(['dpkg-query', '-W', '-f=${db:Status-Status}', 'rk-dependent'])).stdout).not.toBe(
      'installed',
    )
  })

  it('starts no service on installation when it is not to, and leaves no policy behind', async () => {
    const resources = [pkg('redis-server', { startServices: false })]
    expect((await host.apply(resources)).code).toBe(2)
    expect((await host.run(['systemctl', 'is-active', 'redis-server'])).stdout).toBe('inactive\n')
    expect((await host.run(['test', '-e', '/usr/sbin/policy-rc.d'])).code).toBe(1)
    expect((await host.apply(resources)).code).toBe(0)
  })

  it('a policy that a killed agent left behind goes with the next installation', async () => {
    const policy =
      '#!/bin/sh\\n# Put here by Rekindle while it installs a package with startServices: false\\nexit 101\\n'
    await host.output([
      'sh',
      '-c',
      `printf '${policy}' > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d`,
    ])
    await host.apply([pkg('rk-base')])
    expect((await host.run(['test', '-e', '/usr/sbin/policy-rc.d'])).code).toBe(1)
  })

  it('twenty packages are one apt-get; with a bad one among them, the others are installed and it alone fails', async () => {
    await host.output(['sh', '-c', ': > /var/log/apt/history.log'])
    expect((await host.apply(many.slice(0, 10).map((name) => pkg(name)))).code).toBe(2)
    expect(await host.output(['grep', '-c', '^Commandline', '/var/log/apt/history.log'])).toBe('1\n')
    const { report } = await host.apply([...many, 'rk-no-such'].map((name) => pkg(name)))
    expect(report.counts).toMatchObject({ changed: 10, failed: 1 })
    expect(report.resources.find(({ outcome }) => outcome === 'failed')?.id).toBe('package:rk-no-such')
  })

  it('one name under two providers is two packages (P12), and a provider without its tool fails alone (P15)', async () => {
    const { report } = await host.apply([
      pkg('rk-range', { version: '2.0' }),
      host.resource('package:a gem', { name: 'rk-range', provider: 'gem' }),
    ])
    expect(report.resources.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['package:rk-range', 'changed'],
      ['package:a gem', 'failed'],
    ])
    expect(report.resources[1]?.error?.message).toMatch(/gem.*(ruby|not)/s)
  })

  it('a provider whose tool an earlier resource installs is used in the same run (P14)', async () => {
    const { report } = await host.apply([
      pkg('ruby'),
      host.resource('package:rake', { provider: 'gem' }, { require: ['package:ruby'] }),
    ])
    expect(report.resources.filter(({ outcome }) => outcome === 'failed')).toEqual([])
  })

  it('inspect lists what a person chose, with holds, and changes nothing', async () => {
    const all = await host.output(['rekindle', 'inspect', 'package'])
    expect(all).toContain("import { pkg } from 'rekindle'")
    expect(all).toContain("pkg('ruby', {})")
    expect(all).not.toContain("pkg('ruby3.1'")
  })
})
