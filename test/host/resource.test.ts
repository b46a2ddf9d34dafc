/**
 * Each resource type on a real host: converged from bare, a second run changes nothing, broken by hand with ordinary
 * commands, seen as drift, corrected. Numbers such as F13 are rows of Puppet's behaviours that people rely on.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makePackage } from '../lab/apt-repository.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { canRunHosts } from '../lab/prerequisites.ts'
import { type ConvergeCase, checkCase } from './converge-case.ts'
import { bootHost, type OnHost } from './on-host.ts'

const hosts = canRunHosts()

describe.skipIf(!hosts.ok)(
  `resource types on a real host${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`,
  () => {
    let lab: Lab
    let host: OnHost
    beforeAll(async () => {
      lab = await createLab({ name: 'resource', log: console.log })
      host = await bootHost(lab, 'types-1')
    })
    afterAll(() => lab.close())

    const unit = '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n'
    const cases: readonly ConvergeCase[] = [
      {
        title: 'file: content',
        resources: () => [
          host.resource('file:/etc/motd', { content: 'hello\n', mode: '0640', owner: 'root', group: 'adm' }),
        ],
        drift: ['sh', '-c', 'echo tampered >> /etc/motd'],
        shows: ['file:/etc/motd', 'content'],
        look: ['sh', '-c', 'cat /etc/motd; stat -c "%a %U %G" /etc/motd'],
        seen: 'hello\n640 root adm\n',
      },
      {
        title: 'file: mode',
        resources: () => [host.resource('file:/etc/motd', { content: 'hello\n', mode: '0600' })],
        drift: ['chmod', '777', '/etc/motd'],
        shows: ['file:/etc/motd', 'mode'],
        look: ['stat', '-c', '%a', '/etc/motd'],
        seen: '600\n',
      },
      {
        title: 'file: directory and symlink (F25)',
        resources: () => [
          host.resource('file:/srv/app', { ensure: 'directory', mode: '0750' }),
          host.resource(
            'file:/srv/app/current',
            { ensure: 'symlink', target: '/srv/app' },
            { require: ['file:/srv/app'] },
          ),
        ],
        drift: ['ln', '-sfn', '/tmp', '/srv/app/current'],
        shows: ['file:/srv/app/current', 'target'],
        look: ['sh', '-c', 'readlink /srv/app/current; stat -c %a /srv/app'],
        seen: '/srv/app\n750\n',
      },
      {
        title: 'file: absent (F3)',
        resources: () => [host.resource('file:/root/litter', { ensure: 'absent' })],
        drift: ['touch', '/root/litter'],
        shows: ['file:/root/litter', 'ensure'],
        look: ['sh', '-c', 'test -e /root/litter || echo gone'],
        seen: 'gone\n',
      },
      {
        title: 'package: present',
        resources: () => [host.resource('package:cron', { ensure: 'present' })],
        drift: ['apt-get', 'remove', '-y', '-qq', 'cron'],
        shows: ['package:cron', 'ensure'],
        look: ['dpkg-query', '-W', '-f=${db:Status-Status}\n', 'cron'],
        seen: 'installed\n',
      },
      {
        title: 'service: running and enabled',
        resources: () => [
          host.resource(
            'file:/etc/systemd/system/napper.service',
            { content: unit },
            { notify: ['service:napper'] },
          ),
          host.resource(
            'service:napper',
            { ensure: 'running', enable: true },
            { require: ['file:/etc/systemd/system/napper.service'] },
          ),
        ],
        drift: ['systemctl', 'disable', '--now', '--quiet', 'napper'],
        shows: ['service:napper', 'ensure'],
        look: ['sh', '-c', 'systemctl is-active napper; systemctl is-enabled napper'],
        seen: 'active\nenabled\n',
      },
      {
        title: 'group and user (U1)',
        resources: () => [
          host.resource('group:staff2', { gid: 4242 }),
          host.resource(
            'user:ada',
            {
              uid: 4242,
              group: 'staff2',
              home: '/home/ada',
              manageHome: true,
              shell: '/bin/sh',
              comment: 'Ada',
            },
            { require: ['group:staff2'] },
          ),
        ],
        drift: ['usermod', '-s', '/bin/bash', 'ada'],
        shows: ['user:ada', 'shell'],
        look: ['getent', 'passwd', 'ada'],
        seen: 'ada:x:4242:4242:Ada:/home/ada:/bin/sh\n',
      },
      {
        title: 'exec: creates (E1)',
        resources: () => [
          host.resource('exec:mark', { command: 'echo made > /srv/mark', creates: '/srv/mark' }),
        ],
        drift: ['rm', '/srv/mark'],
        shows: ['exec:mark', 'run'],
        look: ['cat', '/srv/mark'],
        seen: 'made\n',
      },
    ]

    it.each(cases)('$title: converges, holds, shows drift, is corrected', (one) => checkCase(host, one))

    it('noop changes nothing and exits 0 (N1)', async () => {
      const resources = [host.resource('file:/etc/noop', { content: 'x\n' })]
      expect(await host.apply(resources, { noop: true })).toMatchObject({
        code: 0,
        report: { status: 'pending' },
      })
      expect((await host.run(['test', '-e', '/etc/noop'])).code).toBe(1)
    })

    it('a failure skips its dependents and nothing else, and says why (G2)', async () => {
      const { code, report } = await host.apply([
        host.resource('exec:broken', { command: ['false'] }),
        host.resource('file:/srv/after', { content: 'x' }, { require: ['exec:broken'] }),
        host.resource('file:/srv/apart', { content: 'x' }),
      ])
      expect(code).toBe(6)
      expect(
        report.resources.map(({ id, outcome, skippedBecause }) => ({ id, outcome, skippedBecause })),
      ).toEqual([
        { id: 'exec:broken', outcome: 'failed', skippedBecause: undefined },
        { id: 'file:/srv/after', outcome: 'skipped', skippedBecause: ['exec:broken'] },
        { id: 'file:/srv/apart', outcome: 'changed', skippedBecause: undefined },
      ])
      expect((await host.run(['test', '-e', '/srv/after'])).code).toBe(1)
    })

    it('a refresh runs an exec once, however many notify it, and not in the next run (E4)', async () => {
      const resources = (text: string) => [
        host.resource('file:/srv/one', { content: text }, { notify: ['exec:count'] }),
        host.resource('file:/srv/two', { content: text }, { notify: ['exec:count'] }),
        host.resource(
          'exec:count',
          { command: 'echo ran >> /srv/count', refreshOnly: true },
          { require: ['file:/srv/one', 'file:/srv/two'] },
        ),
      ]
      await host.apply(resources('a'))
      await host.apply(resources('a'))
      expect(await host.output(['cat', '/srv/count'])).toBe('ran\n')
    })

    it('content that its command refuses is not moved in (F13)', async () => {
      await host.apply([host.resource('file:/srv/conf', { content: 'good\n' })])
      const { code, report } = await host.apply([
        host.resource('file:/srv/conf', { content: 'bad\n', validate: 'grep good %' }),
      ])
      expect(code).toBe(4)
      expect(report.resources[0]).toMatchObject({ outcome: 'failed', error: { code: 'validate-failed' } })
      expect(await host.output(['sh', '-c', 'cat /srv/conf; ls -A /srv | grep rekindle | wc -l'])).toBe(
        'good\n0\n',
      )
    })

    it('a directory goes only with force, and the report does not say otherwise (F4)', async () => {
      await host.output(['mkdir', '-p', '/srv/dir/sub'])
      const refused = await host.apply([host.resource('file:/srv/dir', { ensure: 'absent' })])
      expect(refused).toMatchObject({ code: 4, report: { resources: [{ outcome: 'failed' }] } })
      expect(
        (await host.apply([host.resource('file:/srv/dir', { ensure: 'absent', force: true })])).code,
      ).toBe(2)
      expect((await host.run(['test', '-e', '/srv/dir'])).code).toBe(1)
    })

    it('an unknown owner fails that file alone and says so (F43)', async () => {
      const { code, report } = await host.apply([
        host.resource('file:/srv/owned', { content: 'x', owner: 'nobody-such' }),
      ])
      expect(code).toBe(4)
      expect(report.resources[0]?.error?.message).toContain('owner "nobody-such" does not exist')
    })

    it('an exact version is installed, also a lower one, and a version that is not there fails (P2, P3)', async () => {
      for (const version of ['1.0', '1.1'])
        await makePackage(lab.repositoryDir, { name: 'rekindle-sample', version })
      await host.output(['apt-get', 'update', '-qq'])
      const installed = () => host.output(['dpkg-query', '-W', '-f=${Version}', 'rekindle-sample'])
      for (const version of ['1.1', '1.0']) {
        expect((await host.apply([host.resource('package:rekindle-sample', { version })])).code).toBe(2)
        expect(await installed()).toBe(version)
      }
      expect((await host.apply([host.resource('package:rekindle-sample', { ensure: 'latest' })])).code).toBe(
        2,
      )
      expect(await installed()).toBe('1.1')
      const missing = await host.apply([host.resource('package:rekindle-sample', { version: '9.9' })])
      expect(missing).toMatchObject({ code: 4, report: { resources: [{ outcome: 'failed' }] } })
      expect(await installed()).toBe('1.1')
    })

    it('a masked service is unmasked and started (S3)', async () => {
      await host.output(['systemctl', 'mask', '--now', '--quiet', 'cron'])
      await host.apply([
        host.resource('package:cron', {}),
        host.resource('service:cron', { ensure: 'running', enable: true }),
      ])
      expect(await host.output(['systemctl', 'is-active', 'cron'])).toBe('active\n')
    })

    it('a service that dies at its start fails with its journal (S8)', async () => {
      const dying = '[Service]\nExecStart=/bin/sh -c "echo no fuel; exit 1"\n'
      const { code, report } = await host.apply([
        host.resource('file:/etc/systemd/system/dying.service', { content: dying }),
        host.resource(
          'service:dying',
          { ensure: 'running' },
          { require: ['file:/etc/systemd/system/dying.service'] },
        ),
      ])
      expect(code).toBe(6)
      expect(report.resources.find(({ id }) => id === 'service:dying')?.error?.message).toContain('no fuel')
    })

    it('a user with a group that is not there is not made (U4)', async () => {
      const { code } = await host.apply([host.resource('user:bob', { groups: ['no-such-group'] })])
      expect(code).toBe(4)
      expect((await host.run(['getent', 'passwd', 'bob'])).code).toBe(2)
    })

    it('a password hash is set, and appears in no report (U5)', async () => {
      const password =
        '$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/'
      const { report } = await host.apply([host.resource('user:eve', { password })])
      expect(await host.output(['sh', '-c', 'getent shadow eve | cut -d: -f2'])).toBe(`${password}\n`)
      expect(JSON.stringify(report)).not.toContain('qFmFH')
      expect(JSON.stringify(report)).toContain('user:eve')
    })

    it('a time limit kills the whole process group (E7)', async () => {
      const { code, report } = await host.apply([
        host.resource('exec:slow', { command: 'sleep 4711 & wait', timeout: 0.5 }),
      ])
      expect(code).toBe(4)
      expect(report.resources[0]?.error?.code).toBe('exec-timeout')
      expect((await host.run(['pgrep', '-f', '^sleep 4711'])).code).toBe(1)
    })

    it('on a full disk the old file stays, and the reason is said', async () => {
      await host.output([
        'sh',
        '-c',
        'mkdir -p /mnt/small && mount -t tmpfs -o size=64k tmpfs /mnt/small && echo old > /mnt/small/conf',
      ])
      const { code, report } = await host.apply([
        host.resource('file:/mnt/small/conf', { content: 'x'.repeat(200_000) }),
      ])
      expect(code).toBe(4)
      expect(report.resources[0]?.error?.message).toMatch(/ENOSPC|no space/)
      expect(
        await host.output(['sh', '-c', 'cat /mnt/small/conf; ls -A /mnt/small | wc -l; umount /mnt/small']),
      ).toBe('old\n1\n')
    })

    it('on a read-only file system the old file stays, and the reason is said', async () => {
      await host.output([
        'sh',
        '-c',
        'mkdir -p /mnt/ro && mount -t tmpfs tmpfs /mnt/ro && echo old > /mnt/ro/conf && mount -o remount,ro /mnt/ro',
      ])
      const { code, report } = await host.apply([host.resource('file:/mnt/ro/conf', { content: 'new\n' })])
      expect(code).toBe(4)
      expect(report.resources[0]?.error?.message).toMatch(/EROFS|read-only/)
      expect(await host.output(['sh', '-c', 'cat /mnt/ro/conf; umount /mnt/ro'])).toBe('old\n')
    })

    it('an agent killed in the middle of a run leaves the next one to finish, and the refresh it owed is done', async () => {
      const slow = (text: string) => [
        host.resource('file:/srv/config', { content: text }, { notify: ['exec:reload'] }),
        host.resource(
          'exec:long',
          { command: 'test -e /srv/go || sleep 30' },
          { require: ['file:/srv/config'] },
        ),
        host.resource(
          'exec:reload',
          { command: 'cat /srv/config > /srv/reloaded', refreshOnly: true },
          { require: ['exec:long'] },
        ),
      ]
      await host.output(['rm', '-f', '/srv/go'])
      const running = host.apply(slow('v2\n')).catch(() => 'killed')
      await expect
        .poll(() => host.run(['pgrep', '-f', '^sleep 30']).then(({ code }) => code), { timeout: 20_000 })
        .toBe(0)
      await host.output(['pkill', '-KILL', '-f', 'agent.mjs apply'])
      expect(await running).toBe('killed')
      await host.output(['pkill', '-KILL', '-f', '^sleep 30'])
      await host.output(['touch', '/srv/go'])
      const { report } = await host.apply(slow('v2\n'))
      expect(await host.output(['cat', '/srv/reloaded']), JSON.stringify(report)).toBe('v2\n')
    })
  },
)
