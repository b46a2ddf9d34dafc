import { describe, expect, test } from 'vitest'
import { aptComplaint, fetchComplaint, isAboutLists, parseCandidates } from './apt-answer.ts'

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
