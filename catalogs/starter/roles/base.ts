/** What every host has: a greeting that says whose it is, and the time zone. */
import { facts, file, host, role, template, timezone } from 'rekindle'
import { contact, timeZone } from '../data/site.ts'

export const base = role('base', declareBase)

/** For other roles too: a role that builds on this one calls it. */
export function declareBase() {
  file('/etc/motd', {
    content: template('templates/motd.eta', { name: host.name, release: facts.os.codename, contact }),
    mode: '0644',
  })
  timezone(timeZone)
}
