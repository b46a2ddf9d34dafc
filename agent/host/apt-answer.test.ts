import { describe, expect, test } from 'vitest'
import {
  aptComplaint,
  fetchComplaint,
  isAboutLists,
  parseCandidates,
  parseOwned,
  parseRemovals,
  parseVersions,
  preferencesComplaint,
  sourceComplaint,
} from './apt-answer.ts'

const policy = `rk-demo:
  Installed: (none)
  Candidate: 1.1
  Version table:
     1.1 500
        500 file:/opt/apt ./ Packages
     1.0 500
        500 file:/opt/apt ./ Packages
rk-virtual:
  Installed: (none)
  Candidate: (none)
  Version table:
tzdata:
  Installed: 2026f-0+deb12u1
  Candidate: 2026f-0+deb12u1
  Version table:
 *** 2026f-0+deb12u1 100
        100 /var/lib/dpkg/status
`

test('parseCandidates() gives versions, null for a virtual name, and nothing for an unknown one', () => {
  expect([...parseCandidates(policy)]).toEqual([
    ['rk-demo', '1.1'],
    ['rk-virtual', null],
    ['tzdata', '2026f-0+deb12u1'],
  ])
})

describe('aptComplaint()', () => {
  test.each([
    {
      title: 'an unknown package',
      stdout: 'Reading package lists...\nBuilding dependency tree...\n',
      stderr: 'E: Unable to locate package nope\n',
      said: 'Unable to locate package nope',
    },
    {
      title: 'dependencies that cannot be met',
      stdout: `The following information may help to resolve the situation:

The following packages have unmet dependencies:
 rk-broken : Depends: rk-nothing but it is not installable
`,
      stderr: 'E: Unable to correct problems, you have held broken packages.\n',
      said: 'rk-broken : Depends: rk-nothing but it is not installable; Unable to correct problems, you have held broken packages.',
    },
    {
      title: 'a script of the package',
      stdout: 'Setting up rk-postfail (1.0) ...\n',
      stderr: `debconf: delaying package configuration, since apt-utils is not installed
dpkg: error processing package rk-postfail (--configure):
 installed rk-postfail package post-installation script subprocess returned error exit status 1
Errors were encountered while processing:
 rk-postfail
E: Sub-process /usr/bin/dpkg returned an error code (1)
`,
      said: 'dpkg: error processing package rk-postfail (--configure): installed rk-postfail package post-installation script subprocess returned error exit status 1; Sub-process /usr/bin/dpkg returned an error code (1)',
    },
    {
      title: 'a removal that is not allowed',
      stdout: `The following packages will be REMOVED:
  rk-mail
The following NEW packages will be installed:
  rk-mail-a
0 upgraded, 1 newly installed, 1 to remove and 0 not upgraded.
`,
      stderr: 'E: Packages need to be removed but remove is disabled.\n',
      said: 'The following packages will be REMOVED: rk-mail; Packages need to be removed but remove is disabled.',
    },
    {
      title: 'a lock that another process did not give up',
      stdout: `Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 235 (python3)...
Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 235 (python3)...
`,
      stderr:
        'E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?\n',
      said: 'Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?; /var/lib/dpkg/lock-frontend is held by process 235 (python3)',
    },
    { title: 'nothing', stdout: '', stderr: '', said: 'it gave no reason' },
  ])('tells of $title', ({ stdout, stderr, said }) => {
    expect(aptComplaint({ stdout, stderr })).toBe(said)
  })
})

test.each([
  { said: 'Unable to locate package nope', about: true },
  { said: "Version '9' for 'rk-demo' was not found", about: true },
  { said: "Package 'rk-virtual' has no installation candidate", about: true },
  { said: 'Failed to fetch http://mirror/a.deb  404  Not Found', about: true },
  { said: 'Held packages were changed and -y was used without --allow-change-held-packages.', about: false },
])('isAboutLists() is $about for "$said"', ({ said, about }) => {
  expect(isAboutLists(said)).toBe(about)
})

describe('fetchComplaint()', () => {
  test('finds the warning of an update that succeeds without a mirror', () => {
    const stderr = `W: Failed to fetch http://127.0.0.1:9/x/./InRelease  Could not connect to 127.0.0.1:9 (127.0.0.1). - connect (111: Connection refused)
W: Some index files failed to download. They have been ignored, or old ones used instead.
`
    expect(fetchComplaint({ stderr })).toBe(
      'Failed to fetch http://127.0.0.1:9/x/./InRelease Could not connect to 127.0.0.1:9 (127.0.0.1). - connect (111: Connection refused)',
    )
  })

  test('is undefined when all was fetched', () => {
    expect(fetchComplaint({ stderr: '' })).toBeUndefined()
  })
})

test('parseRemovals() gives what a simulation would remove or purge', () => {
  const simulation = `The following packages will be REMOVED:
  rk-base rk-dependent
Remv rk-dependent [1.0]
Purg rk-base [1.0]
`
  expect(parseRemovals(simulation)).toEqual(['rk-dependent', 'rk-base'])
})

test('parseVersions() gives each version once, newest first, and none of sources', () => {
  const madison = `  rk-range |        2.0 | http://rekindle-server:8181 ./ Packages
  rk-range |       1.19 | http://rekindle-server:8181 ./ Packages
  rk-range |       1.19 | http://127.0.0.1:8182 ./ Packages
`
  expect([...parseVersions(madison)]).toEqual([['rk-range', ['2.0', '1.19']]])
})

describe('sourceComplaint()', () => {
  test.each<{ title: string; code: number; stderr: string; said: string | undefined }>([
    { title: 'all is well', code: 0, stderr: '', said: undefined },
    {
      title: 'only an architecture is missing',
      code: 0,
      stderr:
        "N: Skipping acquire of configured file 'main/binary-i386/Packages' as repository 'http://a x InRelease' doesn't support architecture 'i386'\n",
      said: undefined,
    },
    {
      title: 'a key is missing',
      code: 100,
      stderr: `W: GPG error: http://a ./ InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 1A2B
E: The repository 'http://a ./ InRelease' is not signed.
`,
      said: "GPG error: http://a ./ InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 1A2B; The repository 'http://a ./ InRelease' is not signed.",
    },
    {
      title: 'a component is misspelt, which apt only warns of',
      code: 0,
      stderr:
        "W: Skipping acquire of configured file 'mian/binary-amd64/Packages' as repository 'http://a x InRelease' doesn't have the component 'mian' (component misspelt in sources.list?)\n",
      said: "Skipping acquire of configured file 'mian/binary-amd64/Packages' as repository 'http://a x InRelease' doesn't have the component 'mian' (component misspelt in sources.list?)",
    },
  ])('is $said when $title', ({ code, stderr, said }) => {
    expect(sourceComplaint({ code, stdout: '', stderr })).toBe(said)
  })
})

test.each([
  { code: 0, stderr: '', said: undefined },
  {
    code: 0,
    stderr: 'W: Did not understand pin type version\n',
    said: 'Did not understand pin type version',
  },
  {
    code: 100,
    stderr: 'E: No priority (or zero) specified for pin\n',
    said: 'No priority (or zero) specified for pin',
  },
])('preferencesComplaint() is $said', ({ code, stderr, said }) => {
  expect(preferencesComplaint({ code, stdout: '', stderr })).toBe(said)
})

test('parseOwned() gives the paths that packages have, and none that is only diverted', () => {
  const stdout = `debian-archive-keyring: /etc/apt/trusted.gpg.d/a.asc
libc6:amd64, libc6:i386: /etc/odd: name
diversion by dash from: /etc/diverted
local diversion to: /etc/other
`
  expect([...parseOwned(stdout)]).toEqual(['/etc/apt/trusted.gpg.d/a.asc', '/etc/odd: name'])
})
