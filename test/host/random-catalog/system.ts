/** cron, ssh, units and what else has a file of its own below /etc. */
import fc from 'fast-check'
import { testKey } from '../../../agent/resource/ssh/testing.ts'
import { absent, at, ensure, type Family, mode, two, word } from './family.ts'

export const systemFamily: Family = {
  packages: ['cron', 'logrotate', 'sudo'],
  look: `
for at in ${two.join(' ')}; do echo $(systemctl is-active rk-timer-$at.timer) $(systemctl is-enabled rk-timer-$at.timer); done
crontab -l; cat /root/.ssh/authorized_keys /root/.ssh/rk-known
grep /srv/kill /etc/fstab; findmnt -rno TARGET,FSTYPE | grep /srv/kill
for folder in systemd/system cron.d tmpfiles.d sysctl.d logrotate.d sudoers.d; do show /etc/$folder; done`,
  choices: () => [
    fc.record({ at, ensure, command: word }).map(({ at: one, command, ...params }) => ({
      id: `cron:rk-${one}`,
      params: {
        ...{ user: 'root', ...params },
        ...(params.ensure === 'absent' ? {} : { command: `true ${command} %`, minute: one }),
      },
    })),
    fc.record({ at, command: word }).map(({ at: one, command }) => ({
      id: `cron_file:rk-${one}`,
      params: { entries: [{ user: 'root', command: `true ${command}`, minute: one }] },
    })),
    absent((one) => `cron_file:rk-${one}`),
    fc.record({ at, ensure }).map(({ at: one, ...params }) => ({
      id: `ssh_authorized_key:rk-${one}`,
      params: { user: 'root', type: 'ssh-ed25519', key: testKey(one), ...params },
    })),
    fc.constant({
      id: 'ssh_key_purge:root',
      params: {},
      after: two.map((one) => `ssh_authorized_key:rk-${one}`),
    }),
    fc.record({ at, ensure, key: at }).map(({ at: one, key, ...params }) => ({
      id: `ssh_known_host:rk-${one}`,
      params: {
        type: 'ssh-ed25519',
        key: testKey(key),
        target: '/root/.ssh/rk-known',
        user: 'root',
        ...params,
      },
    })),
    fc.record({ at, description: word }).map(({ at: one, description }) => ({
      id: `systemd_unit:rk-own-${one}.service`,
      params: { sections: { Unit: { Description: description }, Service: { ExecStart: '/bin/true' } } },
    })),
    absent((one) => `systemd_unit:rk-own-${one}.service`),
    fc.record({ at, hour: fc.integer({ min: 1, max: 3 }) }).map(({ at: one, hour }) => ({
      id: `timer:rk-timer-${one}`,
      params: { command: '/bin/true', onCalendar: `*-*-* 0${hour}:00:00` },
    })),
    absent((one) => `timer:rk-timer-${one}`),
    fc.record({ at, bits: mode }).map(({ at: one, bits }) => ({
      id: `tmpfiles:rk-${one}`,
      params: { entries: [`d /run/rk-${one} ${bits} root root -`] },
    })),
    absent((one) => `tmpfiles:rk-${one}`),
    fc.record({ at, size: fc.constantFrom('64k', '128k') }).map(({ at: one, size }) => ({
      id: `mount:/srv/kill/mount-${one}`,
      params: { device: 'tmpfs', fstype: 'tmpfs', options: [`size=${size}`] },
    })),
    absent((one) => `mount:/srv/kill/mount-${one}`),
    fc.record({ at, nice: fc.integer({ min: 1, max: 3 }) }).map(({ at: one, nice }) => ({
      id: `systemd_dropin:rk-${one}`,
      params: { unit: `rk-kill-${one}.service`, sections: { Service: { Nice: nice } } },
    })),
    at.map((one) => ({
      id: `systemd_dropin:rk-${one}`,
      params: { ensure: 'absent', unit: `rk-kill-${one}.service` },
    })),
    fc.record({ at, rotate: fc.integer({ min: 1, max: 3 }) }).map(({ at: one, rotate }) => ({
      id: `logrotate:rk-${one}`,
      params: { paths: `/srv/kill/log-${one}`, frequency: 'daily', rotate, missingok: true },
    })),
    absent((one) => `logrotate:rk-${one}`),
    // For the boot alone: what the kernel has is not for a container to change.
    fc.record({ at, value: at, priority: fc.constantFrom(80, 90) }).map(({ at: one, ...params }) => ({
      id: `sysctl:vm.rk-${one}`,
      params: { ...params, live: false },
    })),
    fc.record({ at, priority: fc.constantFrom(80, 90) }).map(({ at: one, priority }) => ({
      id: `sysctl:vm.rk-${one}`,
      params: { ensure: 'absent', priority },
    })),
    fc
      .record({ at, user: fc.constantFrom('daemon', 'games'), noPassword: fc.boolean() })
      .map(({ at: one, ...rule }) => ({
        id: `sudoers:rk-${one}`,
        params: { rules: [{ ...rule, commands: ['/bin/true'] }] },
      })),
    absent((one) => `sudoers:rk-${one}`),
  ],
}
