/** Files, services and commands. */
import fc from 'fast-check'
import { absent, at, type Family, mode, two } from './family.ts'

const content = fc.constantFrom('a\n', 'b\n', 'c\n'.repeat(20_000))

export const coreFamily: Family = {
  prepare: `
mkdir -p /srv/kill
for at in ${two.join(' ')}; do
  printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' > /etc/systemd/system/rk-kill-$at.service
done
systemctl daemon-reload`,
  look: `
show /srv/kill
for at in ${two.join(' ')}; do echo $(systemctl is-active rk-kill-$at) $(systemctl is-enabled rk-kill-$at); done`,
  choices: () => [
    fc.record({ at, content, mode }).map(({ at: one, ...params }) => ({
      id: `file:/srv/kill/file-${one}`,
      params: { ...params, owner: 'root' },
    })),
    absent((one) => `file:/srv/kill/file-${one}`),
    fc.record({ at, mode }).map(({ at: one, mode: bits }) => ({
      id: `file:/srv/kill/dir-${one}`,
      params: { ensure: 'directory', mode: bits, force: true },
    })),
    fc.record({ at, to: at }).map(({ at: one, to }) => ({
      id: `file:/srv/kill/dir-${one}`,
      params: { target: `/srv/kill/file-${to}`, force: true },
    })),
    fc
      .record({ at, ensure: fc.constantFrom('running', 'stopped'), enable: fc.boolean() })
      .map(({ at: one, ...params }) => ({ id: `service:rk-kill-${one}`, params })),
    at.map((one) => ({
      id: `exec:mark-${one}`,
      params: { command: `echo made > /srv/kill/mark-${one}`, creates: `/srv/kill/mark-${one}` },
    })),
    // Refreshed by the file, also when the agent that changed it is dead.
    at.map((one) => ({
      id: `exec:copy-${one}`,
      params: { command: `cat /srv/kill/file-${one} > /srv/kill/copy-${one} || true`, refreshOnly: true },
      subscribe: [`file:/srv/kill/file-${one}`],
    })),
  ],
}
