import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FirewallParams } from '../../schemas/generated/types.ts'
import { includeLine, isBootFile, withInclude } from './firewall/boot-file.ts'
import type { Listing } from './firewall/ruleset.ts'
import { type FirewallState, firewall } from './firewall.ts'
import type { TextFile } from './text-file.ts'

const listing: Listing = { version: '1.0.6', lines: ['{"table":{}}', '{"chain":{}}'] }
const file = (path: string, text: string | undefined): TextFile => ({
  ...{ path, text, kind: text === undefined ? 'absent' : 'file', mode: 0o600, uid: 0, gid: 0 },
})
const boot = (text: string | undefined, main: string | undefined = `${includeLine}\n`) => ({
  file: file('/etc/nftables.d/rekindle-inet-filter.nft', text),
  main: file('/etc/nftables.conf', main),
})
const state: FirewallState = {
  live: listing,
  expected: listing,
  transaction: 'rules\n',
  isUnconfirmed: false,
  boot: boot('rules\n'),
}

test.each<[string, FirewallParams, Partial<FirewallState>, string[]]>([
  ['is as wanted', {}, {}, []],
  ['is absent as wanted', { ensure: 'absent' }, { live: undefined, boot: boot(undefined) }, []],
  ['is as wanted and not kept', { persist: false }, { boot: boot(undefined, undefined) }, []],
  ['is absent', {}, { live: undefined, expected: undefined }, ['ensure: absent -> present']],
  [
    'is there and should not be',
    { ensure: 'absent' },
    { boot: boot(undefined) },
    ['ensure: present -> absent'],
  ],
  [
    'has another rule',
    {},
    { live: { ...listing, lines: [...listing.lines, 'x'] } },
    ['rules: other rules -> as declared'],
  ],
  [
    'has them in another order',
    {},
    { live: { ...listing, lines: [...listing.lines].reverse() } },
    ['rules: other rules -> as declared'],
  ],
  ['cannot be told', {}, { expected: undefined }, ['rules: other rules -> as declared']],
  ['nobody confirmed', {}, { isUnconfirmed: true }, ['confirmed: false -> true']],
  ['is not there at the next boot', {}, { boot: boot(undefined) }, ['boot: absent -> as declared']],
  ['is another at the next boot', {}, { boot: boot('other\n') }, ['boot: other rules -> as declared']],
  [
    'is in a file that nobody includes',
    {},
    { boot: boot('rules\n', '# empty\n') },
    ['boot: other rules -> as declared'],
  ],
  ['is kept and should not be', { persist: false }, {}, ['boot: other rules -> absent']],
  ['is gone, but for its file', { ensure: 'absent' }, { live: undefined }, ['boot: other rules -> absent']],
])('diff() of a table that %s', (_title, params, more, changes) => {
  const wanted = { id: 'firewall:inet filter', title: 'inet filter', params, where: 'a.ts:1' } as const
  const found = firewall.diff(wanted, { ...state, ...more })
  expect(found.map(({ property, from, to }) => `${property}: ${from} -> ${to}`)).toEqual(changes)
})

test('whatever is in the main file stays, and ours comes once', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const written = withInclude(text)
      expect(written.startsWith(text)).toBe(true)
      expect(isBootFile({ ...boot('rules\n'), main: file('/etc/nftables.conf', written) }, 'rules\n')).toBe(
        true,
      )
    }),
  )
})

test.each([
  [undefined, `#!/usr/sbin/nft -f\n\nflush ruleset\n\n${includeLine}\n`],
  ['', `${includeLine}\n`],
  ['flush ruleset', `flush ruleset\n${includeLine}\n`],
])('withInclude(%j) includes ours after all that is there', (text, written) => {
  expect(withInclude(text)).toBe(written)
})
