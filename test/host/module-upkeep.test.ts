/** Modules that keep a host in order: cronJobs, logRotation, unattendedUpgrades, timeSync. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cronJobs } from '../../catalogs/module/cron-jobs.ts'
import { logRotation } from '../../catalogs/module/log-rotation.ts'
import { timeSync } from '../../catalogs/module/time-sync.ts'
import { unattendedUpgrades } from '../../catalogs/module/unattended-upgrades.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { canRunHosts } from '../lab/prerequisites.ts'
import { bootModuleHost, failuresOf, type ModuleHost } from './module-host.ts'

const hosts = canRunHosts()
describe.skipIf(!hosts.ok)(
  `upkeep modules on a real host${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`,
  () => {
    let lab: Lab
    let host: ModuleHost
    beforeAll(async () => {
      lab = await createLab({ name: 'upkeep', log: console.log })
      host = await bootModuleHost(lab, 'upkeep-1', import.meta.dirname)
    })
    afterAll(() => lab.close())

    /** What cron would run for an entry of our file, run as cron does. */
    const runJob = async (match: string) => {
      const line = (await host.shell(`grep -F ${match} /etc/cron.d/rekindle`)).trim()
      const command = line
        .split(/[ \t]+/)
        .slice(6)
        .join(' ')
        .replaceAll('\\%', '%')
      return host.run(['/bin/sh', '-c', command])
    }

    it('cronJobs', async () => {
      await host.check({
        declare: () => {
          cronJobs({
            jobs: {
              tick: { at: '*/5 0,12 * * mon-fri', command: 'echo "it\'s $(date +%Y)"', timeoutMinutes: 5 },
              hold: { at: '0 3 * * *', command: 'sleep 100' },
              mail: { at: '@daily', command: 'true', output: 'mail', overlap: true, user: 'nobody' },
            },
            mailto: 'ops@example.org',
          })
        },
        drift: 'sed -i s/tick/tock/ /etc/cron.d/rekindle; systemctl stop cron',
        shows: 'cron_file:rekindle',
      })
      expect(await runJob('cron-tick')).toMatchObject({ code: 0 })
      await expect.poll(() => host.shell('journalctl -q -t cron-tick -o cat')).toMatch(/^it's 20\d\d\n$/)
      // While it runs, another start of it ends at once; what cron reads is the file that was written.
      await host.shell('systemd-run -q --unit=held flock -n /var/lib/rekindle-cron/rekindle.hold sleep 100')
      await expect
        .poll(() => host.run(['flock', '-n', '/var/lib/rekindle-cron/rekindle.hold', 'true']))
        .toMatchObject({ code: 1 })
      expect(await runJob('cron-hold')).toMatchObject({ code: 0 })
    })

    const logs = (frequency: 'daily' | 'weekly', settings: readonly string[] = []) =>
      logRotation({
        frequency,
        keep: 2,
        settings,
        logs: { shop: { paths: '/var/log/shop.log', size: '1k', postrotate: ['touch /root/rotated'] } },
      })

    it('logRotation', async () => {
      await host.check({
        declare: () => {
          logs('daily')
        },
        drift: 'rm /etc/logrotate.d/shop; systemctl stop logrotate.timer',
        shows: 'logrotate:shop',
      })
      await host.shell('head -c 5000 /dev/zero > /var/log/shop.log; logrotate /etc/logrotate.conf')
      expect(await host.shell('ls /root/rotated /var/log/shop.log-*')).toMatch(/shop\.log-\d{8}\n$/)
      expect(await host.shell('systemctl is-active logrotate.timer')).toBe('active\n')
      const broken = await host.converge(() => logs('weekly', ['nonsense 5']))
      expect(failuresOf(broken)[0]).toMatchObject({
        id: 'file:/etc/logrotate.conf',
        error: { code: 'validate-failed' },
      })
    })

    it('unattendedUpgrades', async () => {
      await host.check({
        declare: () => {
          unattendedUpgrades({
            origins: ['security', 'origin=Example,codename=${distro_codename}'],
            exclude: ['postgresql-.*'],
            reboot: '04:30',
            mail: { to: 'ops@example.org' },
            installAt: '*-*-* 04:00',
          })
        },
        drift: `echo 'APT::Periodic::Unattended-Upgrade "0";' > /etc/apt/apt.conf.d/20auto-upgrades; systemctl stop apt-daily-upgrade.timer`,
        shows: 'file:/etc/apt/apt.conf.d/20auto-upgrades',
      })
      const seen = await host.shell('apt-config dump | grep -E "Unattended-Upgrade|Periodic"')
      expect(
        seen.match(/^Unattended-Upgrade::(Origins-Pattern|Allowed-Origins|Package-Blacklist):: .*$/gm),
      ).toEqual([
        'Unattended-Upgrade::Origins-Pattern:: "origin=Debian,codename=${distro_codename}-security,label=Debian-Security";',
        'Unattended-Upgrade::Origins-Pattern:: "origin=Example,codename=${distro_codename}";',
        'Unattended-Upgrade::Package-Blacklist:: "postgresql-.*";',
      ])
      expect(seen).toContain('APT::Periodic::Unattended-Upgrade "1";')
      const dry = await host.output(['unattended-upgrade', '--dry-run', '--debug'])
      expect(dry).toContain('Initial blacklist: postgresql-.*')
      expect(dry).toContain('origin=Debian,codename=bookworm-security,label=Debian-Security')
      expect(await host.shell('systemctl show -P TimersCalendar apt-daily-upgrade.timer')).toMatch(
        /^\{ OnCalendar=\*-\*-\* 04:00:00 ;[^{]*$/,
      )
    })

    it('timeSync', async () => {
      await host.check({
        declare: () => {
          timeSync({ servers: [`${lab.address} minpoll 6`], serve: ['198.18.0.0/15'] })
        },
        drift: 'sed -i /^server/d /etc/chrony/chrony.conf; systemctl stop chrony',
        shows: 'file:/etc/chrony/chrony.conf',
      })
      expect(await host.shell('chronyc -n sources')).toContain(lab.address)
      expect(await host.shell('ss -Hulpn sport = :123')).toContain('chronyd')
      const broken = await host.converge(() => timeSync({ settings: ['nonsense 5'] }))
      expect(failuresOf(broken)[0]).toMatchObject({ error: { code: 'validate-failed' } })
      expect(await host.shell('systemctl is-active chrony')).toBe('active\n')
    })
  },
)
