/** What cleans up, tells and reboots, and types that a site brings. */
import fc from 'fast-check'
import { absent, at, type Family, word } from './family.ts'

/** Keeps a file as a site's own type would; the agent's own Node runs it. */
const script = `#!/usr/lib/rekindle/node
const fs = require('node:fs')
const { action, resources } = JSON.parse(fs.readFileSync(0, 'utf8'))
const found = (path) => (fs.existsSync(path) ? fs.readFileSync(path, 'utf8') : null)
const act = {
  check: ({ path, text }) => (found(path) === text ? [] : [{ property: 'text', from: found(path), to: text }]),
  apply({ path, text }) {
    fs.writeFileSync(path + '.new', text)
    fs.renameSync(path + '.new', path)
    return []
  },
}
const answers = resources.map(({ title, params }) => ({ title, changes: act[action](params) }))
process.stdout.write(JSON.stringify({ version: 1, resources: answers }))
`

const tidied = '/srv/rk-tidy'
const marker = '/run/reboot-required'

export const upkeepFamily: Family = {
  prepare: `mkdir -p ${tidied}`,
  look: `
show ${tidied}; cat /srv/rk-custom-*; ls ${marker}
systemctl is-active rekindle-reboot.timer`,
  choices: () => [
    at.map((one) => ({ id: `file:${tidied}/file-${one}`, params: { content: 'x\n' } })),
    fc.constant({ id: `tidy:${tidied}`, params: { matches: ['file-*'], recurse: true } }),
    fc.constantFrom('apt_pin', 'cron', 'limits', 'ssh_authorized_key').map((type) => ({
      id: `purge:${type}`,
      params: {},
    })),
    fc
      .record({ at, message: word })
      .map(({ at: one, message }) => ({ id: `notify:rk-${one}`, params: { message } })),
    fc.record({ at, text: word }).map(({ at: one, text }) => ({
      id: `custom:kept/rk-${one}`,
      params: { content: script, params: { path: `/srv/rk-custom-${one}`, text } },
    })),
    // Armed and taken back; a reboot itself is for test/host/type/delivery: it takes what the agent is killed on with it.
    fc.constant({ id: `file:${marker}`, params: { content: 'x\n' } }),
    absent(() => `file:${marker}`),
    fc.constant({ id: 'reboot:rk', params: { delay: 604_800 }, after: [`file:${marker}`] }),
  ],
}
