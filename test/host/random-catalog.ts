/** Small random catalogs over things that every host of the lab has, and a look at all that they can touch. */
import fc from 'fast-check'
import { testKey } from '../../agent/resource/ssh/testing.ts'
import { deliveries, deliveryPackages, deliverySetup, deliverySnapshot } from './random-delivery.ts'

/** A resource before it has a host. */
export interface Draft {
  readonly id: string
  readonly params: Record<string, unknown>
  readonly require: readonly string[]
}

export type Choice = Omit<Draft, 'require'>

const two = [1, 2]
export const packages = [
  ...two.flatMap((at) => ['1.0', '1.1'].map((version) => ({ name: `rk-kill-${at}`, version }))),
  ...deliveryPackages,
]

/** Makes what the catalogs take for given, such as the units that they start and stop. */
export const units = `
for at in ${two.join(' ')}; do
  printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' > /etc/systemd/system/rk-kill-$at.service
done
mkdir -p /srv/kill && apt-get update -qq && systemctl daemon-reload
apt-get install -y -qq cron logrotate >/dev/null 2>&1
${deliverySetup}`

/** Everything that the catalogs can touch, as text. */
export const snapshotCommand: readonly string[] = [
  'bash',
  '-c',
  `
cd /srv/kill && find . -printf '%P %y %m %u %g %l\\n' | sort && find . -type f | sort | xargs -r sha256sum
grep '^rk-' /etc/passwd | cut -d: -f1,5-; grep '^rk-' /etc/shadow | cut -d: -f1,2,4-8; grep '^rk-' /etc/group | cut -d: -f1,4; ls -A /home
dpkg-query -W -f '\${Package} \${Version} \${db:Status-Abbrev}\\n' 'rk-kill-*' 2>/dev/null | grep '^[^ ]* [0-9]'
for at in ${two.join(' ')}; do echo $(systemctl is-active rk-kill-$at) $(systemctl is-enabled rk-kill-$at); done
for at in ${two.join(' ')}; do echo $(systemctl is-active rk-timer-$at.timer) $(systemctl is-enabled rk-timer-$at.timer); done
crontab -l 2>/dev/null; cat /root/.ssh/authorized_keys /root/.ssh/rk-known 2>/dev/null; grep rk- /etc/hosts
grep /srv/kill /etc/fstab; findmnt -rno TARGET,FSTYPE | grep /srv/kill
for folder in /etc/systemd/system /etc/cron.d /etc/tmpfiles.d /etc/sysctl.d /etc/security/limits.d /etc/logrotate.d /etc/apt/preferences.d; do
  find $folder -name '*rk-*' -type f | sort | xargs -r sha256sum
done
${deliverySnapshot}
true
`,
]

const at = fc.constantFrom(...two)
const content = fc.constantFrom('a\n', 'b\n', 'c\n'.repeat(20_000))
const mode = fc.constantFrom('0600', '0644', '0755')

const ensure = fc.constantFrom('present', 'absent')
const word = fc.constantFrom('one', 'two', 'three')

const settings: readonly fc.Arbitrary<Choice>[] = ['json', 'yaml', 'toml'].map((format) =>
  fc.record({ at, ensure, value: fc.oneof(word, fc.boolean()) }).map(({ at: one, value, ...params }) => ({
    id: `${format}_setting:rk-${one}`,
    params: {
      ...{ path: `/srv/kill/settings.${format}`, key: ['part', `key-${one}`], ...params },
      ...(params.ensure === 'absent' ? {} : { value }),
    },
  })),
)

const pieces: readonly fc.Arbitrary<Choice>[] = [
  ...settings,
  fc.record({ at, ensure, line: word }).map(({ at: one, line, ...params }) => ({
    id: `file_line:rk-${one}`,
    params: { path: '/srv/kill/lines', line: `${line}-${one}`, ...params },
  })),
  fc.record({ at, ensure, content: word }).map(({ at: one, content: text, ...params }) => ({
    id: `file_block:rk-${one}`,
    params: {
      ...{ path: '/srv/kill/blocks', ...params },
      ...(params.ensure === 'absent' ? {} : { content: `${text}\n` }),
    },
  })),
  fc.record({ at, ensure, value: word }).map(({ at: one, value, ...params }) => ({
    id: `ini_setting:rk-${one}`,
    params: {
      ...{ path: '/srv/kill/settings.ini', section: 'part', setting: `key-${one}`, ...params },
      ...(params.ensure === 'absent' ? {} : { value }),
    },
  })),
  fc.record({ at, ensure }).map(({ at: one, ...params }) => ({
    id: `host_entry:rk-host-${one}`,
    params: { ...params, ...(params.ensure === 'absent' ? {} : { ip: `192.0.2.${one}` }) },
  })),
  fc.record({ at, ensure, value: fc.integer({ min: 1, max: 3 }) }).map(({ at: one, value, ...params }) => ({
    id: `limits:rk-${one}`,
    params: {
      ...{ domain: `rk-user-${one}`, type: 'soft', item: 'nofile', ...params },
      ...(params.ensure === 'absent' ? {} : { value: value * 1000 }),
    },
  })),
]

const system: readonly fc.Arbitrary<Choice>[] = [
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
  at.map((one) => ({ id: `cron_file:rk-${one}`, params: { ensure: 'absent' } })),
  fc.record({ at, ensure }).map(({ at: one, ...params }) => ({
    id: `ssh_authorized_key:rk-${one}`,
    params: { user: 'root', type: 'ssh-ed25519', key: testKey(one), ...params },
  })),
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
  at.map((one) => ({ id: `systemd_unit:rk-own-${one}.service`, params: { ensure: 'absent' } })),
  fc.record({ at, hour: fc.integer({ min: 1, max: 3 }) }).map(({ at: one, hour }) => ({
    id: `timer:rk-timer-${one}`,
    params: { command: '/bin/true', onCalendar: `*-*-* 0${hour}:00:00` },
  })),
  at.map((one) => ({ id: `timer:rk-timer-${one}`, params: { ensure: 'absent' } })),
  fc.record({ at, bits: mode }).map(({ at: one, bits }) => ({
    id: `tmpfiles:rk-${one}`,
    params: { entries: [`d /run/rk-${one} ${bits} root root -`] },
  })),
  at.map((one) => ({ id: `tmpfiles:rk-${one}`, params: { ensure: 'absent' } })),
  fc.record({ at, size: fc.constantFrom('64k', '128k') }).map(({ at: one, size }) => ({
    id: `mount:/srv/kill/mount-${one}`,
    params: { device: 'tmpfs', fstype: 'tmpfs', options: [`size=${size}`] },
  })),
  at.map((one) => ({ id: `mount:/srv/kill/mount-${one}`, params: { ensure: 'absent' } })),
  fc.record({ at, priority: fc.integer({ min: 1, max: 3 }) }).map(({ at: one, priority }) => ({
    id: `apt_pin:rk-${one}`,
    params: { packages: [`rk-none-${one}`], pin: 'version 1.*', priority: priority * 100 },
  })),
  at.map((one) => ({ id: `apt_pin:rk-${one}`, params: { ensure: 'absent' } })),
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
  at.map((one) => ({ id: `logrotate:rk-${one}`, params: { ensure: 'absent' } })),
  // For the boot alone: what the kernel has is not for a container to change.
  fc.record({ at, value: at, priority: fc.constantFrom(80, 90) }).map(({ at: one, ...params }) => ({
    id: `sysctl:vm.rk-${one}`,
    params: { ...params, live: false },
  })),
  fc.record({ at, priority: fc.constantFrom(80, 90) }).map(({ at: one, priority }) => ({
    id: `sysctl:vm.rk-${one}`,
    params: { ensure: 'absent', priority },
  })),
]

const membership = fc.constantFrom('minimum', 'inclusive')
const days = fc.constantFrom(-1, 0, 30)

const accounts: readonly fc.Arbitrary<Choice>[] = [
  fc.record({ at, groups: fc.subarray(['audio', 'games', 'video']), membership }).map(onUser),
  fc
    .record({
      ...{ at, locked: fc.boolean(), expiry: fc.constantFrom('never', '2031-05-06') },
      password: fc.constant('$6$salt$nothingHashesToThis'),
    })
    .map(onUser),
  fc.record({ at, passwordMinDays: days, passwordMaxDays: days, passwordWarnDays: days }).map(onUser),
  // Both may have the one id, and so may the groups; theirs is never the primary group of a user.
  fc.record({ at, uid: fc.constantFrom(4300, 4301), allowDuplicateId: fc.constant(true) }).map(onUser),
  fc
    .record({ at, members: fc.subarray(['daemon', 'games']), membership })
    .map(({ at: one, ...params }) => ({ id: `group:rk-group-${one}`, params })),
  at.map((one) => ({ id: `group:rk-group-${one}`, params: { gid: 4400, allowDuplicateId: true } })),
]

function onUser({ at: one, ...params }: { at: number } & Record<string, unknown>): Choice {
  return { id: `user:rk-user-${one}`, params: { ...params, home: `/home/rk-user-${one}` } }
}

const core: readonly fc.Arbitrary<Choice>[] = [
  fc.record({ at, content, mode }).map(({ at: one, ...params }) => ({
    id: `file:/srv/kill/file-${one}`,
    params: { ...params, owner: 'root' },
  })),
  at.map((one) => ({ id: `file:/srv/kill/file-${one}`, params: { ensure: 'absent' } })),
  fc.record({ at, mode }).map(({ at: one, mode: bits }) => ({
    id: `file:/srv/kill/dir-${one}`,
    params: { ensure: 'directory', mode: bits, force: true },
  })),
  fc.record({ at, to: at }).map(({ at: one, to }) => ({
    id: `file:/srv/kill/dir-${one}`,
    params: { target: `/srv/kill/file-${to}`, force: true },
  })),
  fc
    .record({ at, shell: fc.constantFrom('/bin/sh', '/bin/bash'), manageHome: fc.boolean() })
    .map(({ at: one, ...params }) => ({
      id: `user:rk-user-${one}`,
      params: { ...params, home: `/home/rk-user-${one}` },
    })),
  at.map((one) => ({ id: `user:rk-user-${one}`, params: { ensure: 'absent', manageHome: true } })),
  fc.record({ at, ensure }).map(({ at: one, ...params }) => ({ id: `group:rk-group-${one}`, params })),
  fc.record({ at, version: fc.constantFrom('1.0', '1.1') }).map(({ at: one, version }) => ({
    id: `package:rk-kill-${one}`,
    params: { version },
  })),
  at.map((one) => ({ id: `package:rk-kill-${one}`, params: { ensure: 'purged' } })),
  fc
    .record({ at, ensure: fc.constantFrom('running', 'stopped'), enable: fc.boolean() })
    .map(({ at: one, ...params }) => ({ id: `service:rk-kill-${one}`, params })),
  at.map((one) => ({
    id: `exec:mark-${one}`,
    params: { command: `echo made > /srv/kill/mark-${one}`, creates: `/srv/kill/mark-${one}` },
  })),
]

const choices = [...core, ...accounts, ...pieces, ...system, ...deliveries]

/** Two to eight resources, each thing once, some of them waiting for earlier ones. */
export const anyCatalog: fc.Arbitrary<readonly Draft[]> = fc
  .uniqueArray(fc.tuple(fc.oneof(...choices), fc.integer({ min: -8, max: 7 })), {
    selector: ([{ id }]) => id,
    minLength: 2,
    maxLength: 8,
  })
  .map((drawn) =>
    drawn.map(([choice, back], index) => {
      const earlier = drawn[back]?.[0]
      return { ...choice, require: earlier === undefined || back >= index ? [] : [earlier.id] }
    }),
  )
