/** Users and groups, those of systemd-sysusers too. */
import fc from 'fast-check'
import { absent, at, type Choice, ensure, type Family, word } from './family.ts'

const membership = fc.constantFrom('minimum', 'inclusive')
const days = fc.constantFrom(-1, 0, 30)

function onUser({ at: one, ...params }: { at: number } & Record<string, unknown>): Choice {
  return { id: `user:rk-user-${one}`, params: { ...params, home: `/home/rk-user-${one}` } }
}

export const accountFamily: Family = {
  look: `
grep '^rk-' /etc/passwd | cut -d: -f1,5-; grep '^rk-' /etc/shadow | cut -d: -f1,2,4-8; grep '^rk-' /etc/group | cut -d: -f1,4
ls -A /home; show /etc/sysusers.d`,
  choices: () => [
    fc.record({ at, shell: fc.constantFrom('/bin/sh', '/bin/bash'), manageHome: fc.boolean() }).map(onUser),
    absent((one) => `user:rk-user-${one}`, { manageHome: true }),
    fc.record({ at, ensure }).map(({ at: one, ...params }) => ({ id: `group:rk-group-${one}`, params })),
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
    fc.record({ at, description: word }).map(({ at: one, description }) => ({
      id: `sysusers:rk-${one}`,
      params: { entries: [`u rk-sys-${one} - "${description}"`, `m rk-sys-${one} games`] },
    })),
    // The users stay.
    absent((one) => `sysusers:rk-${one}`),
  ],
}
