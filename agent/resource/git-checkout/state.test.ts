import { describe, expect, test } from 'vitest'
import type { GitCheckoutParams } from '../../../schemas/generated/types.ts'
import { gitCheckout } from '../git-checkout.ts'
import {
  type Checkout,
  parseHidden,
  parseRemoteRefs,
  parseStatus,
  parseSubmodules,
  remoteCommit,
  type WantedCheckout,
  withoutSecrets,
} from './state.ts'

const [one, two] = ['1'.repeat(40), '2'.repeat(40)]

describe('parseStatus()', () => {
  /** As git 2.39 prints it, with line ends for the zeros. */
  const printed = (text: string) => text.replaceAll('\n', '\0')

  test('has what is changed, gone, renamed and new, with blanks in names', () => {
    const hashes = '78981922613b2afb6025042ff6bd878ac1994e85 78981922613b2afb6025042ff6bd878ac1994e85'
    expect(
      parseStatus(
        printed(`# branch.oid ${one}
# branch.head main
1 .D N... 100644 100644 000000 ${hashes} a b
1 .M N... 100644 100644 100644 ${hashes} c
2 R. N... 100644 100644 100644 ${hashes} R100 e
d
? new
`),
      ),
    ).toEqual({ head: one, modified: ['a b', 'c', 'e', 'd'], untracked: ['new'] })
  })

  test('has no head where nothing was ever committed', () => {
    expect(parseStatus(printed('# branch.oid (initial)\n# branch.head main\n')).head).toBeUndefined()
  })
})

test('parseHidden() names what git was told not to look at', () => {
  /** As git 2.39 prints it. */
  expect(parseHidden('H file\0h with space\0S left out\0s both\0M torn\0')).toEqual([
    'with space',
    'left out',
    'both',
  ])
})

test.each([
  [
    "fatal: unable to access 'https://me:secret@git.example.org/a.git/': x",
    "fatal: unable to access 'https://[redacted]@git.example.org/a.git/': x",
  ],
  ['https://git.example.org/a@b.git', 'https://git.example.org/a@b.git'],
  ['ssh://git@git.example.org/a.git', 'ssh://git@git.example.org/a.git'],
])('withoutSecrets(%j)', (text, shown) => {
  expect(withoutSecrets(text)).toBe(shown)
})

test('parseSubmodules() names those that are not where they should be', () => {
  expect(
    parseSubmodules(
      ` ${one} fine (heads/main)\n-${one} not there\n+${two} moved (v1-2-g1234567)\nU${one} torn\n`,
    ),
  ).toEqual(['not there', 'moved', 'torn'])
})

test('a branch wins over a tag of its name, and a tag that is an object stands for its commit', () => {
  const refs = parseRemoteRefs(
    `${one}\tHEAD\n${one}\trefs/heads/v1\n${two}\trefs/tags/v1\n${two}\trefs/tags/v2\n${one}\trefs/tags/v2^{}\n`,
  )
  expect(remoteCommit(refs, 'v1')).toBe(one)
  expect(remoteCommit(refs, 'v2')).toBe(one)
  expect(remoteCommit(refs, 'v3')).toBeUndefined()
})

const url = 'https://git.example.org/app.git'
const checkout: Checkout = {
  ...{ kind: 'checkout', head: one, url, commit: one },
  ...{ modified: [], hidden: [], untracked: [], submodules: [] },
}

test.each<[string, GitCheckoutParams, Parameters<typeof gitCheckout.diff>[1], string[]]>([
  ['is as wanted', {}, checkout, []],
  ['is absent', {}, { kind: 'absent' }, ['ensure: absent -> present']],
  ['is absent as wanted', { ensure: 'absent' }, { kind: 'absent' }, []],
  ['should not be there', { ensure: 'absent' }, checkout, ['ensure: present -> absent']],
  [
    'is something else',
    {},
    { kind: 'other', what: 'a file that is no checkout', isEmpty: false },
    ['ensure: a file that is no checkout -> present'],
  ],
  [
    'is of somebody else',
    { user: 'app' },
    { kind: 'foreign', owner: 'root', isTrusted: true },
    ['user: root -> app'],
  ],
  ['is at another commit', {}, { ...checkout, head: two }, [`revision: ${two} -> ${one}`]],
  ['has not the commit yet', {}, { ...checkout, commit: undefined }, [`revision: ${one} -> v1`]],
  ['is of another remote', {}, { ...checkout, url: 'x' }, [`url: x -> ${url}`]],
  [
    'was changed by hand',
    {},
    { ...checkout, modified: ['a', 'b', 'c', 'd', 'e', 'f'] },
    ['local: changed: a, b, c, d, e, and 1 more -> none'],
  ],
  [
    'has files that git does not look at',
    {},
    { ...checkout, hidden: ['x'] },
    ['hidden: not looked at: x -> none'],
  ],
  [
    'is of a remote with another password',
    { url: 'https://me:new@git.example.org/a.git' },
    { ...checkout, url: 'https://me:old@git.example.org/a.git' },
    ['url: [redacted] -> [redacted]'],
  ],
  [
    'is of another remote, whose address has a password',
    {},
    { ...checkout, url: 'https://token@git.example.org/a.git' },
    [`url: https://[redacted]@git.example.org/a.git -> ${url}`],
  ],
  ['has new files', {}, { ...checkout, untracked: ['x'] }, ['untracked: untracked: x -> none']],
  [
    'has a submodule elsewhere',
    {},
    { ...checkout, submodules: ['lib'] },
    ['submodules: other: lib -> as named by the revision'],
  ],
])('diff() of one that %s', (_title, params, actual, changes) => {
  const wanted: WantedCheckout = {
    id: 'git_checkout:/srv/app',
    title: '/srv/app',
    where: 'a.ts:1',
    params: { url, revision: 'v1', ...params },
  }
  const found = gitCheckout.diff(wanted, actual)
  expect(found.map(({ property, from, to }) => `${property}: ${from} -> ${to}`)).toEqual(changes)
})
