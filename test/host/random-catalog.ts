/** Small random catalogs over things that every host of the lab has, and a look at all that they can touch. */
import fc from 'fast-check'

/** A resource before it has a host. */
export interface Draft {
  readonly id: string
  readonly params: Record<string, unknown>
  readonly require: readonly string[]
}

type Choice = Omit<Draft, 'require'>

const two = [1, 2]
export const packages = two.flatMap((at) =>
  ['1.0', '1.1'].map((version) => ({ name: `rk-kill-${at}`, version })),
)

/** Makes the units that catalogs start and stop. */
export const units = `
for at in ${two.join(' ')}; do
  printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' > /etc/systemd/system/rk-kill-$at.service
done
mkdir -p /srv/kill && apt-get update -qq && systemctl daemon-reload`

/** Everything that the catalogs can touch, as text. */
export const snapshotCommand: readonly string[] = [
  'bash',
  '-c',
  `
cd /srv/kill && find . -printf '%P %y %m %u %g %l\\n' | sort && find . -type f | sort | xargs -r sha256sum
grep '^rk-' /etc/passwd | cut -d: -f1,5-; grep '^rk-' /etc/group | cut -d: -f1,4; ls -A /home
dpkg-query -W -f '\${Package} \${Version} \${db:Status-Abbrev}\\n' 'rk-kill-*' 2>/dev/null | grep '^[^ ]* [0-9]'
for at in ${two.join(' ')}; do echo $(systemctl is-active rk-kill-$at) $(systemctl is-enabled rk-kill-$at); done
ls -A /etc/cron.d /var/spool/cron/crontabs 2>/dev/null; cat /var/spool/cron/crontabs/* 2>/dev/null | grep -v '^#'; true
`,
]

const at = fc.constantFrom(...two)
const content = fc.constantFrom('a\n', 'b\n', 'c\n'.repeat(20_000))
const mode = fc.constantFrom('0600', '0644', '0755')

const choices: readonly fc.Arbitrary<Choice>[] = [
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
  fc.record({ at, ensure: fc.constantFrom('present', 'absent') }).map(({ at: one, ensure }) => ({
    id: `group:rk-group-${one}`,
    params: { ensure },
  })),
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
