/** System settings on a real host. X6 is the row of Puppet's behaviours that people rely on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLab, type Lab } from '../../lab/lab.ts'
import { canRunHosts } from '../../lab/prerequisites.ts'
import { type ConvergeCase, checkCase } from '../converge-case.ts'
import { bootHost, type OnHost } from '../on-host.ts'

const hosts = canRunHosts()

describe.skipIf(!hosts.ok)(
  `system settings on a real host${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`,
  () => {
    let lab: Lab
    let host: OnHost
    beforeAll(async () => {
      lab = await createLab({ name: 'system', log: console.log })
      host = await bootHost(lab, 'system-1')
    })
    afterAll(async () => {
      // Loop devices are the whole machine's, and would outlive the lab.
      await host?.run(['sh', '-c', 'umount /mnt/image /mnt/a /mnt/b; true'])
      await lab.close()
    })

    const shell = (script: string) => ['sh', '-c', script]
    const output = (script: string) => host.output(shell(script))

    const cases: readonly ConvergeCase[] = [
      {
        title: 'mount: tmpfs (X6)',
        resources: () => [
          host.resource('mount:/srv/scratch', {
            device: 'tmpfs',
            fstype: 'tmpfs',
            options: ['size=1m', 'mode=0700', 'nosuid'],
          }),
        ],
        drift: ['umount', '/srv/scratch'],
        shows: ['mount:/srv/scratch', 'ensure'],
        look: shell('findmnt -nro FSTYPE /srv/scratch; stat -c %a /srv/scratch; grep -c scratch /etc/fstab'),
        seen: 'tmpfs\n700\n1\n',
      },
      {
        title: 'mount: a flag that was changed by hand (X6)',
        resources: () => [
          host.resource('mount:/srv/flag', { device: 'tmpfs', fstype: 'tmpfs', options: 'size=64k,noexec' }),
        ],
        drift: ['mount', '-o', 'remount,exec,size=128k', '/srv/flag'],
        shows: ['mount:/srv/flag', 'mountedOptions'],
        look: shell('findmnt -nro OPTIONS /srv/flag | tr , "\\n" | grep -E "^(noexec|size=.*)$"'),
        seen: 'noexec\nsize=64k\n',
      },
      {
        title: 'mount: bind, with a space in its name (X6)',
        resources: () => [
          host.resource('file:/srv/from here', { ensure: 'directory' }),
          host.resource('file:/srv/from here/x', { content: 'x\n' }, { require: ['file:/srv/from here'] }),
          host.resource(
            'mount:/srv/to here',
            { device: '/srv/from here', options: ['bind', 'ro'] },
            { require: ['file:/srv/from here/x'] },
          ),
        ],
        drift: shell(
          'umount "/srv/to here" && mkdir -p /srv/other && mount --bind /srv/other "/srv/to here"',
        ),
        shows: ['mount:/srv/to here', 'mountedDevice'],
        look: shell('cat "/srv/to here/x"; grep -F "/srv/to\\040here" /etc/fstab'),
        seen: 'x\n/srv/from\\040here\t/srv/to\\040here\tnone\tbind,ro\t0\t0\n',
      },
      {
        title: 'mount: in fstab and not mounted (X6)',
        resources: () => [
          host.resource('mount:/mnt/idle', { ensure: 'unmounted', device: 'tmpfs', fstype: 'tmpfs' }),
        ],
        drift: shell('mkdir -p /mnt/idle && mount /mnt/idle'),
        shows: ['mount:/mnt/idle', 'ensure'],
        look: shell('findmnt -n /mnt/idle || grep -c /mnt/idle /etc/fstab'),
        seen: '1\n',
      },
      {
        title: 'mount: absent (X6)',
        resources: () => [host.resource('mount:/mnt/gone', { ensure: 'absent' })],
        drift: shell('mkdir -p /mnt/gone && echo "tmpfs /mnt/gone tmpfs" >> /etc/fstab && mount /mnt/gone'),
        shows: ['mount:/mnt/gone', 'ensure'],
        look: shell('findmnt -n /mnt/gone || grep -c /mnt/gone /etc/fstab || true'),
        seen: '0\n',
      },
    ]

    it.each(cases)('$title: converges, holds, shows drift, is corrected', (one) => checkCase(host, one))

    it('an image file is mounted through a loop device, by its UUID too, and every other line of fstab stays (X6)', async () => {
      // A container has no loop devices of its own; those of the machine's kernel are made by hand.
      await output(
        'mknod /dev/loop-control c 10 237; for i in 0 1 2 3 4 5 6 7; do mknod /dev/loop$i b 7 $i; done;' +
          'truncate -s 8M /root/image && mke2fs -q -t ext4 -U 3e6be9de-8139-11d1-9106-a43f08d823a6 /root/image;' +
          'printf "# kept\\n/dev/none   /mnt/none  auto noauto   # too\\n" >> /etc/fstab; cp /etc/fstab /root/fstab',
      )
      const image = (params: Record<string, unknown>) => [
        host.resource('mount:/mnt/image', { device: '/root/image', fstype: 'ext4', ...params }),
      ]
      expect(await host.apply(image({ options: 'loop' }))).toMatchObject({ code: 2 })
      expect(await host.apply(image({ options: 'loop' }))).toMatchObject({ code: 0 })
      expect(await output('findmnt -nro FSTYPE,OPTIONS /mnt/image')).toMatch(/^ext4 rw/)

      const changed = await host.apply(image({ options: 'loop,ro,noatime' }))
      expect(changed.report.resources[0]?.changes.map(({ property }) => property)).toEqual([
        'options',
        'mountedOptions',
      ])
      expect(await output('findmnt -nro OPTIONS /mnt/image')).toMatch(/^ro,noatime/)

      const loop = (await output('losetup -nO NAME -j /root/image')).trim()
      const byUuid = image({ device: 'UUID=3e6be9de-8139-11d1-9106-a43f08d823a6', options: 'ro,noatime' })
      const renamed = await host.apply(byUuid)
      expect(renamed.report.resources[0]?.changes.map(({ property }) => property)).toEqual([
        'device',
        'options',
      ])
      expect(loop).toMatch(/^\/dev\/loop/)
      expect((await host.apply(byUuid)).code).toBe(0)

      expect((await host.apply([host.resource('mount:/mnt/image', { ensure: 'absent' })])).code).toBe(2)
      expect(await output('diff /root/fstab /etc/fstab && losetup -j /root/image')).toBe('')
    })

    it('what cannot be unmounted keeps its line, and who holds it is said (X6)', async () => {
      const busy = (ensure: string) => [
        host.resource('mount:/mnt/a', { ensure, device: 'tmpfs', fstype: 'tmpfs' }),
      ]
      await host.apply(busy('mounted'))
      await output('cd /mnt/a && (sleep 4712 > /dev/null 2>&1 & echo $! > /root/holder)')
      const { code, report } = await host.apply(busy('absent'))
      expect(code).toBe(4)
      expect(report.resources[0]?.error).toMatchObject({
        code: 'apply-failed',
        message: expect.stringContaining('target is busy'),
        hint: expect.stringMatching(/sleep \(pid \d+\)/),
        kept: 'what is mounted, and its line in /etc/fstab',
      })
      await output('kill $(cat /root/holder); while kill -0 $(cat /root/holder) 2> /dev/null; do :; done')
      expect((await host.apply(busy('absent'))).code).toBe(2)
    })

    it('a refresh remounts what was mounted before, and a mount below another converges in any order (X6)', async () => {
      const resources = (text: string) => [
        host.resource('file:/srv/cause', { content: text }, { notify: ['mount:/mnt/b'] }),
        host.resource(
          'mount:/mnt/b',
          { device: 'tmpfs', fstype: 'tmpfs', options: 'size=64k' },
          { require: ['file:/srv/cause'] },
        ),
        host.resource(
          'mount:/mnt/b/below',
          { device: 'tmpfs', fstype: 'tmpfs' },
          { require: ['mount:/mnt/b'] },
        ),
      ]
      expect((await host.apply(resources('a'))).code).toBe(2)
      const { report } = await host.apply(resources('b'))
      expect(report.resources[1]).toMatchObject({ id: 'mount:/mnt/b', refreshed: ['file:/srv/cause'] })
      expect(await output('findmnt -nro TARGET /mnt/b/below; umount -R /mnt/b')).toBe('/mnt/b/below\n')
    })

    it('what cannot be mounted fails with what mount says (X6)', async () => {
      const { code, report } = await host.apply([
        host.resource('mount:/mnt/lost', { device: '/dev/lost', fstype: 'ext4' }),
      ])
      expect(code).toBe(4)
      expect(report.resources[0]?.error?.message).toContain('special device /dev/lost does not exist')
      await host.apply([host.resource('mount:/mnt/lost', { ensure: 'absent' })])
    })

    const persistent = 'cat /etc/sysctl.d/90-rekindle-vm.swappiness.conf'
    const sysctlCases: readonly ConvergeCase[] = [
      {
        title: 'sysctl: at boot',
        resources: () => [host.resource('sysctl:vm.swappiness', { value: 10, live: false })],
        drift: shell('echo "vm.swappiness = 60" > /etc/sysctl.d/90-rekindle-vm.swappiness.conf'),
        shows: ['sysctl:vm.swappiness', 'boot'],
        look: shell(persistent),
        seen: '# Written by Rekindle: edits are lost.\nvm.swappiness = 10\n',
      },
      {
        title: 'sysctl: absent',
        resources: () => [host.resource('sysctl:vm.swappiness', { ensure: 'absent' })],
        drift: shell('echo "vm.swappiness = 60" > /etc/sysctl.d/20-rekindle-vm.swappiness.conf'),
        shows: ['sysctl:vm.swappiness', 'ensure'],
        look: shell('ls /etc/sysctl.d | grep -c swappiness || true'),
        seen: '0\n',
      },
    ]
    it.each(sysctlCases)('$title: converges, holds, shows drift, is corrected', (one) => checkCase(host, one))

    it('sysctl: where /proc/sys is read-only, the value now fails and the boot is still set', async () => {
      const { code, report } = await host.apply([host.resource('sysctl:vm.swappiness', { value: 11 })])
      expect(code).toBe(4)
      expect(report.resources[0]?.error).toMatchObject({
        code: 'apply-failed',
        message: expect.stringContaining('/proc/sys is read-only'),
        kept: expect.stringContaining('until the next boot'),
      })
      expect(await output(persistent)).toContain('vm.swappiness = 11\n')
    })

    it('sysctl: a key that the kernel does not know fails, unless it may', async () => {
      const unknown = (params: Record<string, unknown>) =>
        host.apply([host.resource('sysctl:net.ipv4.no_such', { value: 1, ...params })])
      const { code, report } = await unknown({})
      expect(code).toBe(4)
      expect(report.resources[0]?.error?.message).toContain('the kernel knows no key "net.ipv4.no_such"')
      expect((await host.run(['test', '-e', '/etc/sysctl.d/90-rekindle-net.ipv4.no_such.conf'])).code).toBe(1)
      expect((await unknown({ ignoreUnknown: true })).code).toBe(2)
      expect((await unknown({ ignoreUnknown: true })).code).toBe(0)
    })

    it('sysctl: a later file that sets the key again is named', async () => {
      await output('echo "vm/swappiness=60" > /etc/sysctl.d/95-other.conf')
      const { code, report } = await host.apply([
        host.resource('sysctl:vm.swappiness', { value: 10, live: false }),
      ])
      expect(code).toBe(4)
      expect(report.resources[0]?.error?.message).toContain(
        '"/etc/sysctl.d/95-other.conf" is read later at boot',
      )
      const first = [host.resource('sysctl:vm.swappiness', { value: 10, live: false, priority: 96 })]
      expect((await host.apply(first)).code).toBe(2)
      expect((await host.apply(first)).code).toBe(0)
      expect(await output('ls /etc/sysctl.d | grep swappiness')).toBe('96-rekindle-vm.swappiness.conf\n')
    })

    const nameCases: readonly ConvergeCase[] = [
      {
        title: 'hostname: in the kernel, at boot and in /etc/hosts',
        resources: () => [host.resource('hostname:db-7', { domain: 'example.org' })],
        drift: ['hostname', 'strange'],
        shows: ['hostname:db-7', 'live'],
        look: shell('hostname; cat /etc/hostname; grep 127.0.1.1 /etc/hosts; hostname -f'),
        seen: 'db-7\ndb-7\n127.0.1.1 db-7.example.org db-7\ndb-7.example.org\n',
      },
      {
        title: 'hostname: a new one takes the place of the old, with its domain',
        resources: () => [host.resource('hostname:db-8', {})],
        drift: shell('echo "127.0.0.1 localhost" > /etc/hosts; echo strange > /etc/hostname'),
        shows: ['hostname:db-8', 'hosts'],
        look: shell(
          'hostname; cat /etc/hostname; grep -c "127.0.1.1.*db-8" /etc/hosts; grep -c db-7 /etc/hosts || true',
        ),
        seen: 'db-8\ndb-8\n1\n0\n',
      },
      {
        title: 'timezone',
        resources: () => [host.resource('timezone:Europe/Berlin', {})],
        drift: shell('cp --remove-destination /usr/share/zoneinfo/UTC /etc/localtime'),
        shows: ['timezone:Europe/Berlin', 'localtime'],
        look: shell('readlink /etc/localtime; cat /etc/timezone; date -d @0 +%Z'),
        seen: '/usr/share/zoneinfo/Europe/Berlin\nEurope/Berlin\nCET\n',
      },
    ]
    it.each(nameCases)('$title: converges, holds, shows drift, is corrected', async (one) => {
      // The lab's server is known to the host by /etc/hosts alone.
      await output('cp /etc/hosts /root/hosts')
      await checkCase(host, one)
      await output(
        'grep rekindle-server /root/hosts > /root/server; grep -q rekindle-server /etc/hosts || cat /root/server >> /etc/hosts',
      )
    })

    it('timezone: one that is not there fails with those that are near', async () => {
      const { code, report } = await host.apply([host.resource('timezone:Europe/Berln', {})])
      expect(code).toBe(4)
      expect(report.resources[0]?.error).toMatchObject({
        message: expect.stringContaining('has no zone "Europe/Berln"'),
        hint: expect.stringContaining('"Europe/Berlin"'),
      })
    })

    it('locale: without locale-gen the package is named, and what needs none converges', async () => {
      const { code, report } = await host.apply([
        host.resource('locale:de_DE.UTF-8', {}),
        host.resource('locale:C.UTF-8', { default: true }),
      ])
      expect(code).toBe(6)
      expect(report.resources[0]?.error?.hint).toBe('Declare the package "locales" before it')
      expect(report.resources[1]).toMatchObject({ id: 'locale:C.UTF-8', outcome: 'changed' })
    })

    it('locale: the package, then several in one run of locale-gen, and only what is missing', async () => {
      const resources = () => [
        host.resource('package:locales', {}),
        host.resource('locale:de_DE.UTF-8', { default: true }, { require: ['package:locales'] }),
        host.resource('locale:fr_FR.UTF-8', { categories: ['LC_TIME'] }, { require: ['package:locales'] }),
      ]
      expect((await host.apply(resources())).code).toBe(2)
      expect((await host.apply(resources())).code).toBe(0)
      expect(await output('locale -a | grep _; cat /etc/default/locale | grep -v "^#"')).toBe(
        'de_DE.utf8\nfr_FR.utf8\nLANG=de_DE.UTF-8\nLC_TIME=fr_FR.UTF-8\n',
      )
      await output('localedef --delete-from-archive fr_FR.utf8; echo LANG=C > /etc/default/locale')
      const corrected = await host.apply(resources())
      expect(
        corrected.report.resources.map(({ id, changes }) => [id, changes.map(({ property }) => property)]),
      ).toEqual([
        ['locale:de_DE.UTF-8', ['LANG']],
        ['locale:fr_FR.UTF-8', ['ensure', 'LC_TIME']],
      ])
      expect((await host.apply(resources())).code).toBe(0)
      const gone = [host.resource('locale:fr_FR.UTF-8', { ensure: 'absent' })]
      expect((await host.apply(gone)).code).toBe(2)
      expect((await host.apply(gone)).code).toBe(0)
      expect(await output('locale -a | grep _; grep -c "^# fr_FR.UTF-8 UTF-8" /etc/locale.gen')).toBe(
        'de_DE.utf8\n1\n',
      )
    })

    it('locale: one that no list has fails with those that are near', async () => {
      const { report } = await host.apply([host.resource('locale:de_DE.UTF-9', {})])
      expect(report.resources[0]?.error?.hint).toContain('"de_DE.UTF-8"')
    })

    it('alternatives: chosen, held against a better one, corrected, and left to the priorities', async () => {
      await output(
        'for n in one two three; do printf "#!/bin/sh\\necho $n\\n" > /usr/local/bin/say-$n; chmod +x /usr/local/bin/say-$n; done;' +
          'update-alternatives --quiet --install /usr/bin/say say /usr/local/bin/say-one 10;' +
          'update-alternatives --quiet --install /usr/bin/say say /usr/local/bin/say-two 20',
      )
      await checkCase(host, {
        title: 'alternatives',
        resources: () => [host.resource('alternatives:say', { path: '/usr/local/bin/say-one' })],
        drift: ['update-alternatives', '--quiet', '--auto', 'say'],
        shows: ['alternatives:say', 'path'],
        look: ['say'],
        seen: 'one\n',
      })
      await checkCase(host, {
        title: 'alternatives, its generic name taken away',
        resources: () => [host.resource('alternatives:say', { path: '/usr/local/bin/say-one' })],
        drift: ['rm', '/usr/bin/say', '/etc/alternatives/say'],
        shows: ['alternatives:say', 'link'],
        look: ['say'],
        seen: 'one\n',
      })
      await output('update-alternatives --quiet --install /usr/bin/say say /usr/local/bin/say-three 90')
      expect(await host.output(['say'])).toBe('one\n')
      const auto = [host.resource('alternatives:say', { path: 'auto' })]
      expect((await host.apply(auto)).code).toBe(2)
      expect((await host.apply(auto)).code).toBe(0)
      expect(await host.output(['say'])).toBe('three\n')
    })

    it('alternatives: a path that is none fails, and those that are get listed', async () => {
      const { report } = await host.apply([
        host.resource('alternatives:say', { path: '/bin/true' }),
        host.resource('alternatives:nothing', { path: 'auto' }),
      ])
      expect(report.resources[0]?.error?.hint).toContain(
        '"/usr/local/bin/say-one", "/usr/local/bin/say-three"',
      )
      expect(report.resources[1]?.error?.message).toContain('there is no link group "nothing"')
    })

    it('logrotate: without logrotate the package is named; with it, the file is checked, held and corrected', async () => {
      const app = (params: Record<string, unknown> = {}) =>
        host.resource('logrotate:app', {
          paths: ['/var/log/app/*.log', '/var/log/an app.log'],
          frequency: 'daily',
          rotate: 3,
          compress: true,
          missingok: true,
          create: '0640 root adm',
          postrotate: 'echo rotated >> /root/rotated',
          sharedscripts: true,
          ...params,
        })
      const lacking = await host.apply([app()])
      expect(lacking.report.resources[0]?.error).toMatchObject({
        code: 'validate-failed',
        hint: 'Declare the package "logrotate" before it',
      })
      expect((await host.run(['test', '-e', '/etc/logrotate.d/app'])).code).toBe(1)

      await checkCase(host, {
        title: 'logrotate',
        resources: () => [host.resource('package:logrotate', {}), app()],
        drift: ['sed', '-i', 's/rotate 3/rotate 1/', '/etc/logrotate.d/app'],
        shows: ['logrotate:app', 'content'],
        look: shell('grep -c . /etc/logrotate.d/app; stat -c %a /etc/logrotate.d/app'),
        seen: '14\n644\n',
      })
      await output('mkdir -p /var/log/app; echo 1 > /var/log/app/a.log; echo 2 > "/var/log/an app.log"')
      await output('logrotate --force --state /root/state /etc/logrotate.d/app')
      expect(await output('ls /var/log/app; stat -c "%a %G" "/var/log/an app.log"; cat /root/rotated')).toBe(
        'a.log\na.log.1.gz\n640 adm\nrotated\n',
      )

      const refused = await host.apply([app({ create: '0640 nobody-such adm' })])
      expect(refused).toMatchObject({ code: 4, report: { resources: [{ outcome: 'failed' }] } })
      expect(refused.report.resources[0]?.error).toMatchObject({
        code: 'validate-failed',
        message: expect.stringContaining("unknown user 'nobody-such'"),
      })
      expect(
        await output(
          'grep -c "create 0640 root adm" /etc/logrotate.d/app; ls -A /etc/logrotate.d | grep -c rekindle || true',
        ),
      ).toBe('1\n0\n')

      expect((await host.apply([host.resource('logrotate:app', { ensure: 'absent' })])).code).toBe(2)
      expect((await host.run(['test', '-e', '/etc/logrotate.d/app'])).code).toBe(1)
    })

    it('kernel_module: at boot, with options; barred; gone', async () => {
      const files =
        'cat /etc/modules-load.d/rekindle-* /etc/modprobe.d/rekindle-* 2> /dev/null | grep -v "^#" || true'
      await checkCase(host, {
        title: 'kernel_module: options',
        resources: () => [
          host.resource('kernel_module:pcspkr', { options: { index: 1, id: 'beep' }, live: false }),
        ],
        drift: ['rm', '/etc/modprobe.d/rekindle-pcspkr.conf'],
        shows: ['kernel_module:pcspkr', 'options'],
        look: shell(files),
        seen: 'pcspkr\noptions pcspkr id=beep index=1\n',
      })
      await checkCase(host, {
        title: 'kernel_module: blacklisted',
        resources: () => [host.resource('kernel_module:pcspkr', { ensure: 'blacklisted' })],
        drift: shell('echo pcspkr > /etc/modules-load.d/rekindle-pcspkr.conf'),
        shows: ['kernel_module:pcspkr', 'boot'],
        look: shell(files),
        seen: 'blacklist pcspkr\ninstall pcspkr /bin/false\n',
      })
      expect((await host.apply([host.resource('kernel_module:pcspkr', { ensure: 'absent' })])).code).toBe(2)
      expect(await output(files)).toBe('')
      await output('echo pcspkr > /etc/modules-load.d/other.conf')
      const { report } = await host.apply([host.resource('kernel_module:pcspkr', { ensure: 'absent' })])
      expect(report.resources[0]?.error?.message).toContain(
        '"/etc/modules-load.d/other.conf" loads it at boot',
      )
    })

    it('kernel_module: what cannot be loaded fails with the reason, first for want of modprobe', async () => {
      const load = () => host.apply([host.resource('kernel_module:dummy', {})])
      expect((await load()).report.resources[0]?.error?.hint).toBe('Declare the package "kmod" before it')
      await output('apt-get install -y -qq kmod')
      expect((await load()).report.resources[0]?.error).toMatchObject({
        message: expect.stringMatching(/Module dummy not found|could not be loaded|modprobe ended with/),
        kept: 'the files for the next boot, which are written',
      })
      expect(await output('cat /etc/modules-load.d/rekindle-dummy.conf')).toContain('dummy\n')
    })

    it('swap: a file is made, formatted and in fstab, grows, and goes', async () => {
      const look = shell(
        'stat -c "%s %a" /swapfile; blkid -p -s TYPE -o value /swapfile; grep swapfile /etc/fstab',
      )
      await checkCase(host, {
        title: 'swap',
        resources: () => [host.resource('swap:/swapfile', { size: '2M', priority: 5, live: false })],
        drift: shell('rm /swapfile; sed -i s/pri=5/pri=6,discard/ /etc/fstab'),
        shows: ['swap:/swapfile', 'fstab'],
        look: ['blkid', '-p', '-s', 'TYPE', '-o', 'value', '/swapfile'],
        seen: 'swap\n',
      })
      expect((await host.apply([host.resource('swap:/swapfile', { size: '3M', live: false })])).code).toBe(2)
      expect(await host.output(look)).toBe(
        '3145728 600\nswap\n/swapfile\tnone\tswap\tsw,discard,pri=5\t0\t0\n',
      )
      expect((await host.apply([host.resource('swap:/swapfile', { ensure: 'absent' })])).code).toBe(2)
      expect(await output('ls / | grep swapfile; grep -c swapfile /etc/fstab || true')).toBe('0\n')
    })

    it('swap: a container cannot swap, and the reason is said; a file of others is kept', async () => {
      const live = await host.apply([host.resource('swap:/swaplive', { size: '1M' })])
      expect(live.code).toBe(4)
      expect(live.report.resources[0]?.error).toMatchObject({
        message: expect.stringMatching(/Cannot swap to it: swapon ended with \d+: .*swapon failed/),
        hint: expect.stringContaining('"live: false"'),
      })
      await host.apply([host.resource('swap:/swaplive', { ensure: 'absent' })])
      await output('echo mine > /precious')
      const refused = await host.apply([host.resource('swap:/precious', { size: '1M', live: false })])
      expect(refused.report.resources[0]?.error?.message).toContain(
        '"/precious" is a file that holds no swap space',
      )
      expect(await output('cat /precious; grep -c precious /etc/fstab || true')).toBe('mine\n0\n')
    })

    it.each(['mount', 'sysctl', 'kernel_module', 'hostname', 'timezone', 'locale', 'alternatives', 'swap'])(
      'inspect %s: what it lists, declared so, changes nothing',
      async (type) => {
        await output(
          'grep -q /mnt/listed /etc/fstab || echo "tmpfs /mnt/listed tmpfs size=64k 0 0" >> /etc/fstab; mkdir -p /mnt/listed; findmnt -n /mnt/listed > /dev/null || mount /mnt/listed;' +
            'rm -f /etc/sysctl.d/95-other.conf; update-alternatives --quiet --set say /usr/local/bin/say-two;' +
            'grep -q /swaplisted /etc/fstab || { fallocate -l 1M /swaplisted; chmod 600 /swaplisted; mkswap -q /swaplisted; echo "/swaplisted none swap sw" >> /etc/fstab; }',
        )
        const listed = JSON.parse(await output(`rekindle inspect ${type} --json`)) as readonly {
          readonly title: string
          readonly params: Record<string, unknown>
        }[]
        expect(listed).not.toEqual([])
        const resources = listed.map(({ title, params }) => host.resource(`${type}:${title}`, params))
        const { code, report } = await host.apply(resources)
        expect(code, JSON.stringify(report)).toBe(0)
      },
    )
  },
)
