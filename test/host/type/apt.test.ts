/** apt packages on a real host: versions and ranges, holds, files, answers, services that must not start, batches. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makePackages } from '../../lab/apt-repository.ts'
import { createLab, type Lab } from '../../lab/lab.ts'
import { canRunHosts } from '../../lab/prerequisites.ts'
import { checkCase } from '../converge-case.ts'
import { bootHost, type OnHost } from '../on-host.ts'

const hosts = canRunHosts()
const many = Array.from({ length: 20 }, (_, at) => `rk-many-${at + 1}`)

/** Writes down what debconf answers. */
const asking = {
  templates: 'Template: rk-asks/name\nType: string\nDefault: nobody\nDescription: Name\n',
  config: '#!/bin/sh\n. /usr/share/debconf/confmodule\ndb_input high rk-asks/name || true\ndb_go || true\n',
  postinst:
    '#!/bin/sh\n. /usr/share/debconf/confmodule\ndb_get rk-asks/name\necho "$RET" > /etc/rk-asks\ndb_stop\n',
}

/** Leaves its process id, and ends when another file is there. */
const slow = (name: string) =>
  `#!/bin/sh\necho $$ > /run/${name}\nwhile [ ! -e /run/${name}-go ]; do sleep 0.1; done\n`

/** Holds dpkg's lock until /root/unlock is there. */
const holdLock = `python3 - > /dev/null 2>&1 <<'END' &
import fcntl, os, time
lock = open('/var/lib/dpkg/lock-frontend', 'w')
fcntl.lockf(lock, fcntl.LOCK_EX)
open('/root/locked', 'w')
while not os.path.exists('/root/unlock'): time.sleep(0.1)
END
until [ -e /root/locked ]; do sleep 0.1; done`

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
      { name: 'rk-epoch', version: '2.0' },
      { name: 'rk-epoch', version: '1:1.0' },
      { name: 'rk-real', version: '1.0', provides: 'rk-virtual' },
      { name: 'rk-mail-a', version: '1.0', conflicts: 'rk-mail' },
      { name: 'rk-mail', version: '1.0' },
      { name: 'rk-native', version: '1.0', architecture: 'amd64' },
      ...['1.0', '2.0'].map((version) => ({
        name: 'rk-conf',
        version,
        files: { 'etc/rk-conf': `of ${version}\n` },
      })),
      { name: 'rk-asks', version: '1.0', depends: 'debconf', control: asking },
      { name: 'rk-slow', version: '1.0', control: { postinst: slow('rk-slow') } },
      { name: 'rk-configured', version: '1.0', control: { postinst: slow('rk-configured') } },
      { name: 'rk-unpacked', version: '1.0', control: { preinst: slow('rk-unpacked') } },
      ...['1', '2', '3'].map((version) => ({ name: 'rk-open', version })),
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

  it('a hold survives an upgrade of everything and a "latest" (P9), and a declared version goes through it', async () => {
    await host.output(['apt-get', 'upgrade', '-y', '-qq'])
    expect((await host.apply([pkg('rk-hold', { ensure: 'latest' })])).code).toBe(0)
    expect(await installed('rk-hold')).toBe('1.0')
    await host.apply([pkg('rk-hold', { version: '1.1', held: true })])
    expect([await installed('rk-hold'), await host.output(['apt-mark', 'showhold'])]).toEqual([
      '1.1',
      'rk-hold\n',
    ])
  })

  it('what is installed to be held is held at its candidate (P9)', async () => {
    await host.output(['apt-get', 'purge', '-y', '-qq', '--allow-change-held-packages', 'rk-hold'])
    for (const params of [{ held: true }, { held: true, ensure: 'latest' }]) {
      const { code } = await host.apply([pkg('rk-hold', params)])
      expect([await installed('rk-hold'), await host.output(['apt-mark', 'showhold'])]).toEqual([
        '1.1',
        'rk-hold\n',
      ])
      expect(code).toBe(params.ensure === undefined ? 2 : 0)
    }
  })

  it('a range takes the newest inside, changes nothing while it holds, and moves both ways (P6)', async () => {
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

  it('an open interval is what is strictly inside (P8)', async () => {
    expect((await host.apply([pkg('rk-open', { version: '>1 <3' })])).code).toBe(2)
    expect(await installed('rk-open')).toBe('2')
    expect((await host.apply([pkg('rk-open', { version: '>1 <3' })])).code).toBe(0)
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
    await host.apply([pkg('redis-server', { ensure: 'purged' })])
    await host.apply([pkg('redis-server')])
    expect(await host.output(['systemctl', 'is-active', 'redis-server'])).toBe('active\n')
  })

  it('twenty packages are one apt-get; with a bad one among them, the others are installed and it alone fails', async () => {
    await host.output(['sh', '-c', ': > /var/log/apt/history.log'])
    expect((await host.apply(many.slice(0, 10).map((name) => pkg(name)))).code).toBe(2)
    expect(await host.output(['grep', '-c', '^Commandline', '/var/log/apt/history.log'])).toBe('1\n')
    const { report } = await host.apply([...many, 'rk-no-such'].map((name) => pkg(name)))
    expect(report.counts).toMatchObject({ changed: 10, failed: 1 })
    expect(report.resources.find(({ outcome }) => outcome === 'failed')?.id).toBe('package:rk-no-such')
  })

  it('an exact version is installed, older ones too, epochs in their order (P2), or fails', async () => {
    for (const version of ['1:1.0', '2.0', '1:1.0']) {
      expect((await host.apply([pkg('rk-epoch', { version })])).code).toBe(2)
      expect(await installed('rk-epoch')).toBe(version)
      expect((await host.apply([pkg('rk-epoch', { version })])).code).toBe(0)
    }
    const { code, report } = await host.apply([pkg('rk-epoch', { version: '3.0' })])
    expect([code, report.resources[0]?.error?.kept]).toEqual([4, '"rk-epoch" 1:1.0 is installed'])
  })

  it('a version that is not there installs none, in this run and the next (P3)', async () => {
    for (let run = 1; run <= 2; run++) {
      const { code, report } = await host.apply([pkg('rk-real', { version: '1.1' })])
      expect([code, report.resources[0]?.error?.kept]).toEqual([4, '"rk-real" is not installed'])
      expect(report.resources[0]?.error?.message).toContain("Version '1.1' for 'rk-real' was not found")
    }
  })

  it.each(['latest', 'present'])(
    'a virtual name is a package that provides it, and %s holds (P11)',
    async (ensure) => {
      await host.apply([pkg('rk-real', { ensure: 'purged' })])
      expect((await host.apply([pkg('rk-virtual', { ensure })])).code).toBe(2)
      expect(await installed('rk-real')).toBe('1.0')
      expect((await host.apply([pkg('rk-virtual', { ensure })])).code).toBe(0)
    },
  )

  it('a name with its architecture is installed and removed as that name', async () => {
    expect((await host.apply([pkg('rk-native:amd64')])).code).toBe(2)
    expect((await host.apply([pkg('rk-native')])).code).toBe(0)
    expect((await host.apply([pkg('rk-native:amd64', { ensure: 'absent' })])).code).toBe(2)
    expect((await host.apply([pkg('rk-native', { ensure: 'absent' })])).code).toBe(0)
  })

  it('installs nothing that would remove another package, and names it, unless it may', async () => {
    await host.apply([pkg('rk-mail')])
    const { report } = await host.apply([pkg('rk-mail-a')])
    expect(report.resources[0]?.error?.message).toContain('REMOVED: rk-mail;')
    expect(report.resources[0]?.error?.hint).toContain('removeConflicting')
    expect(await installed('rk-mail')).toBe('1.0')
    expect((await host.apply([pkg('rk-mail-a', { removeConflicting: true })])).code).toBe(2)
    expect(await installed('rk-mail-a')).toBe('1.0')
  })

  it('configuration that a person changed is kept, or replaced where that is asked for', async () => {
    const change = ['sh', '-c', 'echo changed > /etc/rk-conf']
    await host.apply([pkg('rk-conf', { version: '1.0' })])
    await host.output(change)
    await host.apply([pkg('rk-conf', { version: '2.0' })])
    expect(await host.output(['cat', '/etc/rk-conf'])).toBe('changed\n')
    await host.apply([pkg('rk-conf', { version: '1.0', configFiles: 'replace' })])
    expect(await host.output(['cat', '/etc/rk-conf'])).toBe('of 1.0\n')
  })

  it('"absent" keeps configuration files, and "purged" takes them, also after that', async () => {
    const isThere = async () => (await host.run(['test', '-e', '/etc/rk-conf'])).code === 0
    const reach = async (ensure: string) => {
      expect((await host.apply([pkg('rk-conf', { ensure })])).code).toBe(2)
      expect((await host.apply([pkg('rk-conf', { ensure })])).code).toBe(0)
      return isThere()
    }
    expect(await reach('absent')).toBe(true)
    expect(await reach('purged')).toBe(false)
    expect(await reach('present')).toBe(true)
    expect(await reach('purged')).toBe(false)
  })

  it('answers are given before it is installed, and another answer alone changes nothing', async () => {
    const answered = (value: string) =>
      pkg('rk-asks', { debconf: { 'rk-asks/name': { type: 'string', value } } })
    expect((await host.apply([answered('Ada Lovelace')])).code).toBe(2)
    expect(await host.output(['cat', '/etc/rk-asks'])).toBe('Ada Lovelace\n')
    expect((await host.apply([answered('Grace Hopper')])).code).toBe(0)
  })

  it('a file with another package in it is refused before anything is done', async () => {
    await host.output(['sh', '-c', 'cd /srv && apt-get download -qq rk-real && mv rk-real_1.0_all.deb x.deb'])
    const { report } = await host.apply([pkg('rk-other', { source: '/srv/x.deb' })])
    expect(report.resources[0]?.error?.message).toContain('"/srv/x.deb" holds the package "rk-real"')
  })

  it('waits for the lock of dpkg, and says who holds it when that takes too long', async () => {
    await host.run(['sh', '-c', 'apt-get install -y -qq python3-minimal'])
    await host.output(['sh', '-c', holdLock])
    try {
      const installOptions = ['--option=DPkg::Lock::Timeout=1']
      const { report } = await host.apply([pkg('rk-mail', { installOptions, removeConflicting: true })])
      expect(report.resources[0]?.error?.message).toMatch(/lock-frontend is held by process \d+ \(python3\)/)
      host.prepareCatalog([pkg('rk-many-1', { ensure: 'purged' })])
      const waiting = host.run(host.applyCommand)
      await host.output([
        'sh',
        '-c',
        'until pgrep -x apt-get > /dev/null; do sleep 0.1; done; : > /root/unlock',
      ])
      expect((await waiting).code).toBe(2)
    } finally {
      await host.output(['touch', '/root/unlock'])
    }
  })

  it('a policy of a killed agent forbids nothing to others, and the next run finishes its package', async () => {
    host.prepareCatalog([pkg('rk-slow', { startServices: false })])
    await host.output([
      'sh',
      '-c',
      `${host.applyCommand.join(' ')} > /root/killed 2>&1 & pid=$!
       until [ -s /run/rk-slow ]; do kill -0 $pid || exit 1; sleep 0.1; done
       kill -9 $pid; test -e /usr/sbin/policy-rc.d`,
    ])
    expect((await host.run(['/usr/sbin/policy-rc.d', 'x', 'start'])).code).toBe(0)
    expect((await host.run(['env', 'REKINDLE_NO_START=1', '/usr/sbin/policy-rc.d', 'x', 'start'])).code).toBe(
      101,
    )
    await host.output(['touch', '/run/rk-slow-go'])
    const { report } = await host.apply([pkg('rk-slow'), pkg('rk-many-1')])
    expect(report.resources.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    expect(await installed('rk-slow')).toBe('1.0')
    expect((await host.run(['test', '-e', '/usr/sbin/policy-rc.d'])).code).toBe(1)
  })

  it.each(['rk-configured', 'rk-unpacked'])(
    'dpkg and all above it are killed while %s is half done: the next run mends that',
    async (name) => {
      host.prepareCatalog([pkg(name)])
      await host.output([
        'sh',
        '-c',
        `${host.applyCommand.join(' ')} > /root/killed 2>&1 & pid=$!
         until [ -s /run/${name} ]; do kill -0 $pid || exit 1; sleep 0.1; done
         kill -9 $pid $(pgrep -x apt-get) $(pgrep -x dpkg) $(cat /run/${name})
         : > /run/${name}-go`,
      ])
      expect(await host.output(['dpkg', '--audit'])).toContain(name)
      const refused = await host.run(['apt-get', 'purge', '-y', '-qq', 'rk-many-3'])
      expect(refused.stderr).toContain("you must manually run 'dpkg --configure -a'")
      expect((await host.apply([pkg(name), pkg('rk-many-3', { ensure: 'purged' })])).code).toBe(2)
      expect(await installed(name)).toBe('1.0')
      expect(await host.output(['dpkg', '--audit'])).toBe('')
      expect((await host.apply([pkg(name)])).code).toBe(0)
    },
  )

  it("a source that a person broke fails a package in apt's own words, until it is purged", async () => {
    await host.apply([pkg('rk-many-4', { ensure: 'purged' })])
    await host.output(['sh', '-c', 'echo "dbe http://192.0.2.1/ ./" > /etc/apt/sources.list.d/broken.list'])
    for (const ensure of ['present', 'latest']) {
      const { code, report } = await host.apply([pkg('rk-many-4', { ensure })])
      expect(code).toBe(4)
      expect(report.resources[0]?.error?.message).toContain(
        "Type 'dbe' is not known on line 1 in source list /etc/apt/sources.list.d/broken.list",
      )
    }
    const purge = host.resource('purge:apt_source', { declared: [] })
    expect((await host.apply([purge, pkg('rk-many-4')])).code).toBe(2)
    expect(await installed('rk-many-4')).toBe('1.0')
  })

  it('a package that no list has fails with what could not be fetched', async () => {
    const broken = '/etc/apt/sources.list.d/broken.list'
    await host.output(['sh', '-c', `echo "deb [trusted=yes] http://127.0.0.1:1/ ./" > ${broken}`])
    const { report } = await host.apply([pkg('rk-no-such')])
    await host.output(['rm', broken])
    expect(report.resources[0]?.error?.message).toMatch(
      /Unable to locate package rk-no-such"; package lists are missing: .*http:\/\/127\.0\.0\.1:1\//,
    )
  })

  it("a policy of the host's own decides: it forbids starts itself, or the package is not installed", async () => {
    const policy = (code: number) =>
      host.output([
        'sh',
        '-c',
        `printf '#!/bin/sh\\nexit ${code}\\n' > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d`,
      ])
    await host.apply([pkg('rk-many-2', { ensure: 'purged' })])
    await policy(0)
    const { report } = await host.apply([pkg('rk-many-2', { startServices: false })])
    expect(report.resources[0]?.error?.message).toContain('and allows starts')
    await policy(101)
    expect((await host.apply([pkg('rk-many-2', { startServices: false })])).code).toBe(2)
    await host.output(['rm', '/usr/sbin/policy-rc.d'])
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

  it('one name under two providers is two packages (P12), and a provider without its tool fails alone (P15)', async () => {
    const resources = () => [
      pkg('rk-range', { version: '2.0' }),
      host.resource('package:a gem', { name: 'rk-range', provider: 'gem' }),
    ]
    for (const [exit, changed] of [
      [6, ['package:rk-range']],
      [4, []],
    ] as const) {
      const { code, report } = await host.apply(resources())
      const idsOf = (wanted: string) =>
        report.resources.flatMap((one) => (one.outcome === wanted ? one.id : []))
      expect([code, idsOf('changed'), idsOf('failed')]).toEqual([exit, changed, ['package:a gem']])
      expect(report.resources.at(-1)?.error?.message).toContain(
        'there is no gem on this host; the package ruby brings it',
      )
    }
  })

  it('a provider whose tool an earlier resource installs is used in the same run (P14)', async () => {
    const spec =
      'Gem::Specification.new { |s| s.name = s.summary = "rk-gem"; s.version = "1.0"; s.authors = ["x"] }'
    await host.output(['sh', '-c', `echo '${spec}' > /srv/rk-gem.gemspec`])
    const build = {
      command: ['gem', 'build', '--output=/srv/rk.gem', '/srv/rk-gem.gemspec'],
      creates: '/srv/rk.gem',
    }
    const gem = { provider: 'gem', source: '/srv/rk.gem', installOptions: ['--local'] }
    const resources = () => [
      pkg('ruby'),
      host.resource('exec:build', build, { require: ['package:ruby'] }),
      host.resource('package:rk-gem', gem, { require: ['exec:build'] }),
    ]
    const { code, report } = await host.apply(resources())
    expect(report.resources.map(({ outcome }) => outcome)).toEqual(['changed', 'changed', 'changed'])
    expect(code).toBe(2)
    expect(await host.output(['gem', 'list', '--local', 'rk-gem'])).toContain('rk-gem (1.0)')
    expect((await host.apply(resources())).code).toBe(0)
  })

  it('inspect lists what a person chose, with holds, and changes nothing', async () => {
    const all = await host.output(['rekindle', 'inspect', 'package'])
    expect(all).toContain("import { pkg } from 'rekindle'")
    expect(all).toContain("pkg('ruby', {})")
    expect(all).not.toContain("pkg('ruby3.1'")
  })
})
