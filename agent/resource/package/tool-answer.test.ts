/**
 * What the package managers answered, recorded on Debian 12 with small packages of our own: rpm 4.18, dnf 4.14, zypper
 * 1.14.42, pacman 6.0.2, apk-tools 3.0.6, npm 11, pip 23.0.1, RubyGems 3.3.15. Others say where they are from.
 */
import { describe, expect, it } from 'vitest'
import { apkComplaint, parseApkDatabase, parsePins, parsePolicy } from './apk-answer.ts'
import { gemComplaint, parseGemList } from './gem-answer.ts'
import { errorCodeOf, npmComplaint, parseNpmList, parseNpmView } from './npm-answer.ts'
import { isIgnored, pacmanComplaint, parsePacmanList, parseSyncList } from './pacman-answer.ts'
import {
  isExternallyManaged,
  leftByPip,
  parsePipList,
  parsePipReport,
  parsePipVersions,
  pipComplaint,
  pipNameOf,
} from './pip-answer.ts'
import {
  dnfComplaint,
  parseRepoquery,
  parseRpmList,
  parseVersionlock,
  parseVersionlockToml,
} from './rpm-answer.ts'
import { lastLines } from './tool.ts'
import { parseLocks, parseSearch, parseUpdates, zypperComplaint } from './zypper-answer.ts'

describe('rpm and dnf', () => {
  it('parseRpmList() reads one package a line, and no keys', () => {
    const text = 'guid\t1:1.0-1\tnoarch\nranged\t1.19-1\tnoarch\ngpg-pubkey\t8483c65d-5ccc5b19\t(none)\n'
    expect(parseRpmList(text)).toEqual([
      { name: 'guid', version: '1:1.0-1.noarch', arch: 'noarch' },
      { name: 'ranged', version: '1.19-1.noarch', arch: 'noarch' },
    ])
  })

  it('parseRepoquery() passes over the empty lines of dnf 4 and the epoch 0 of dnf 5', () => {
    const text = 'guid\t1:1.0-1\tnoarch\n\nguid\t1:1.1-1\tnoarch\n\nsample\t0:1-1\tnoarch\n\n'
    expect(parseRepoquery(text).map(({ version }) => version)).toEqual([
      '1:1.0-1.noarch',
      '1:1.1-1.noarch',
      '1-1.noarch',
    ])
  })

  // From mondoohq/cnquery, providers/os/resources/packages/testdata/versionlock_*: CentOS Stream 9 and Fedora 44.
  it.each([
    [
      'dnf 4',
      parseVersionlock('\n# Added lock on Sun Aug 23 10:39:39 2026\nvim-minimal-2:8.2.2637-26.el9_8.4.*\n'),
    ],
    [
      'dnf 5',
      parseVersionlockToml(
        'version = "1.0"\n\n[[packages]]\nname = "vim-minimal"\ncomment = "Added by \'versionlock add\' command on 2026-08-23 10:40:07"\n\n[[packages.conditions]]\nkey = "evr"\ncomparator = "="\nvalue = "2:9.2.530-1.fc44"\n\n',
      ),
    ],
  ])('the versionlock list of %s names what it keeps', (_tool, names) => {
    expect([...names]).toEqual(['vim-minimal'])
  })

  it('parseVersionlock() leaves out what is excluded and not kept', () => {
    expect([...parseVersionlock('!vim-minimal-2:8.2.2637-26.el9_8.4.*\n')]).toEqual([])
  })

  it('dnfComplaint() is the error, without what dnf grumbles about before it', () => {
    const stderr =
      "Unable to detect release version (use '--releasever' to specify release version)\nError: Unable to find a match: guid-9.9-1\n"
    expect(dnfComplaint({ stderr })).toBe('Error: Unable to find a match: guid-9.9-1')
    expect(dnfComplaint({ stderr: 'no such thing\n' })).toBeUndefined()
  })
})

describe('zypper', () => {
  const updates = `<?xml version='1.0'?>
<stream>
<message type="info">Loading repository data...</message>
<message type="info">Reading installed packages...</message>
<update-status version="0.6">
<update-list>
<update kind="package" name="guid" edition="1:1.1-1" arch="noarch" edition-old="1:1.0-1"><summary>sample</summary><description>sample</description><license/><source url="file:/root/rpms" alias="local"/></update><update kind="package" name="sample" edition="3-1" arch="noarch" edition-old="1-1"><summary>sample</summary><description>sample</description><license/><source url="file:/root/rpms" alias="local"/></update></update-list>
</update-status>
</stream>
`
  const search = `<?xml version='1.0'?>
<stream>
<message type="info">Loading repository data...</message>
<message type="info">Reading installed packages...</message>

<search-result version="0.0">
<solvable-list>
<solvable status="other-version" name="guid" kind="package" edition="1:1.1-1" arch="noarch" repository="local"/>
<solvable status="installed" name="guid" kind="package" edition="1:1.0-1" arch="noarch" repository="local"/>
<solvable status="not-installed" name="guid" kind="srcpackage" edition="1:1.0-1" arch="noarch" repository="local"/>
</solvable-list>
</search-result>
</stream>
`
  it('parseUpdates() reads what an update would bring', () => {
    expect(parseUpdates(updates)).toEqual([
      { name: 'guid', version: '1:1.1-1.noarch' },
      { name: 'sample', version: '3-1.noarch' },
    ])
  })

  it('parseSearch() reads every version of a package', () => {
    expect(parseSearch(search).map(({ version }) => version)).toEqual(['1:1.1-1.noarch', '1:1.0-1.noarch'])
  })

  it('parseLocks() reads /etc/zypp/locks', () => {
    expect([
      ...parseLocks('\ntype: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: guid\n\n'),
    ]).toEqual(['guid'])
  })

  it.each([
    [
      `Loading repository data...\nReading installed packages...\n'guid=9.9' not found in package names. Trying capabilities.\nNo provider of 'guid=9.9' found.\n`,
      "No provider of 'guid=9.9' found.",
    ],
    [
      `Resolving package dependencies...\n\nProblem: conflicting requests\n Solution 1: Following actions will be done:\n  remove lock to allow installation of guid-1:1.1-1.noarch[local]\n  remove lock to allow removal of guid-1:1.0-1.noarch\n Solution 2: do not ask to install a solvable providing guid.noarch = 1:1.1-1\n\nChoose from above solutions by number or cancel [1/2/c/d/?] (c): c\n`,
      'Problem: conflicting requests Solution 1: Following actions will be done: remove lock to allow installation of guid-1:1.1-1.noarch[local] remove lock to allow removal of guid-1:1.0-1.noarch Solution 2: do not ask to install a solvable providing guid.noarch = 1:1.1-1',
    ],
    ['Loading repository data...\n', undefined],
  ])('zypperComplaint() finds the reason in what is said: %#', (stdout, said) => {
    expect(zypperComplaint({ stdout, stderr: '' })).toBe(said)
  })
})

describe('apk', () => {
  const database = `C:Q1zbth9Efrvxe3pKrgQHBkyhod5e8=
P:guid
V:2.0_rc1-r0
A:noarch
S:291
I:11
T:sample
U:http://e
L:MIT
f:S
F:usr
F:usr/share
F:usr/share/guid
R:f
Z:Q1m1ukRCEq2UyQONAqImIKLzFHi8s=

C:Q1M4KkXmCSwc6vax19P8ld1oZeBfA=
P:sample
V:1.0-r0
A:noarch

`
  const policy = `guid policy:
  2.0_rc1-r0:
    lib/apk/db/installed
    file:///root/apkw/pkgs/Packages.adb
loc policy:
  1-r0:
    lib/apk/db/installed
sample policy:
  1.0-r0:
    lib/apk/db/installed
    file:///root/apkw/pkgs/Packages.adb
  1.1-r0:
    file:///root/apkw/pkgs/Packages.adb
  1.1-r1:
    file:///root/apkw/pkgs/Packages.adb
`
  it('parseApkDatabase() reads names and versions, and no files', () => {
    expect(parseApkDatabase(database)).toEqual([
      { name: 'guid', version: '2.0_rc1-r0' },
      { name: 'sample', version: '1.0-r0' },
    ])
  })

  it('parsePolicy() reads the versions of repositories, each once', () => {
    expect([...parsePolicy(policy)]).toEqual([
      ['guid', ['2.0_rc1-r0']],
      ['loc', []],
      ['sample', ['1.0-r0', '1.1-r0', '1.1-r1']],
    ])
  })

  it('parsePins() reads what the world holds at one version', () => {
    const world =
      'guid\nloc><Q1kA+DCpGlqgXFrzg+OW4jS6GIrV8=\nranged>1\nsample=1.0-r0\nedge@testing=2\nfuzzy~1.2\n!not\nat-least>=2\n'
    expect([...parsePins(world)]).toEqual(['sample', 'edge'])
  })

  it('apkComplaint() is all that follows the first error', () => {
    const stderr =
      'ERROR: unable to select packages:\n  nosuch (no such package):\n    required by: world[nosuch]\n'
    expect(apkComplaint({ stdout: 'fetching\n', stderr })).toBe(
      'ERROR: unable to select packages: nosuch (no such package): required by: world[nosuch]',
    )
  })
})

describe('pacman', () => {
  it('parsePacmanList() reads names and versions, and no notes', () => {
    const text = ':: Synchronizing package databases...\nguid 1:2.0-1\nother 3-1\n extra downloading...\n'
    expect([...parsePacmanList(text)]).toEqual([
      ['guid', '1:2.0-1'],
      ['other', '3-1'],
    ])
  })

  it('parseSyncList() takes the first repository that has a name', () => {
    const text =
      'extra guid 1:2.0-1\nextra other 3-1\nextra sample 1.1-1 [installed: 1.0-1]\ncommunity guid 1:1.0-1\n'
    expect([...parseSyncList(text)]).toEqual([
      ['guid', '1:2.0-1'],
      ['other', '3-1'],
      ['sample', '1.1-1'],
    ])
  })

  it.each([
    ['other', true],
    ['linux-headers', true],
    ['linu', false],
    ['gxx', true],
    ['g++', false],
  ])('isIgnored(%s): %s', (name, is) => {
    expect(isIgnored(name, 'other\nlinux*\ng?x\n')).toBe(is)
  })

  it.each([
    ['error: target not found: nosuch\n', 'error: target not found: nosuch'],
    [
      "error: failed to init transaction (unable to lock database)\nerror: could not lock database: File exists\n  if you're sure a package manager is not already\n  running, you can remove /var/lib/pacman/db.lck\n",
      "error: failed to init transaction (unable to lock database); error: could not lock database: File exists if you're sure a package manager is not already running, you can remove /var/lib/pacman/db.lck",
    ],
    ['', undefined],
  ])('pacmanComplaint() keeps the errors: %#', (stderr, said) => {
    expect(pacmanComplaint({ stderr })).toBe(said)
  })
})

describe('npm', () => {
  it('parseNpmList() reads names and versions, and no folder without a version', () => {
    const text =
      '{"name":"lib","dependencies":{"@rk/scoped":{"version":"2.0.0-rc.1","overridden":false},"broken":{"overridden":false}}}'
    expect([...parseNpmList(text)]).toEqual([['@rk/scoped', '2.0.0-rc.1']])
    expect([...parseNpmList('{}')]).toEqual([])
  })

  it('errorCodeOf() tells a folder that is not there yet from other failures', () => {
    const enoent = `{\n  "error": {\n    "code": "ENOENT",\n    "summary": "ENOENT: no such file or directory, lstat '/opt/pre'"\n  }\n}`
    expect(errorCodeOf(enoent)).toBe('ENOENT')
    expect(errorCodeOf('{"error":{"code":"EACCES"}}')).toBe('EACCES')
    expect(errorCodeOf('{"dependencies":{}}')).toBeUndefined()
    expect(errorCodeOf('no JSON')).toBeUndefined()
  })

  it.each([
    ['{"versions":["1.0.0","1.1.0"],"dist-tags":{"latest":"1.0.0"}}', '1.0.0', ['1.0.0', '1.1.0']],
    ['{"versions":"1.0.0","dist-tags":{"latest":"1.0.0"}}', '1.0.0', ['1.0.0']],
    ['', undefined, []],
  ])('parseNpmView(%s)', (text, latest, versions) => {
    expect(parseNpmView(text)).toEqual({ latest, versions })
  })

  it('npmComplaint() is what npm says, without the place of its log', () => {
    const stderr =
      'npm warn Unknown user config "nodedir". This will stop working in the next major version of npm.\nnpm error code ENOTCACHED\nnpm error request to https://registry.npmjs.org/rekindle-guid failed: cache mode is \'only-if-cached\' but no cached response is available.\nnpm error A complete log of this run can be found in: /root/.npm/_logs/2026-11-23T13_10_56_059Z-debug-0.log\n'
    expect(npmComplaint({ stderr })).toBe(
      "code ENOTCACHED; request to https://registry.npmjs.org/rekindle-guid failed: cache mode is 'only-if-cached' but no cached response is available.",
    )
  })
})

describe('pip', () => {
  it('parsePipList() and parsePipReport() know names as pip compares them', () => {
    expect([
      ...parsePipList(
        '[{"name": "dbus-python", "version": "1.3.2"}, {"name": "some_thing", "version": "2.0"}]',
      ),
    ]).toEqual([
      ['dbus-python', '1.3.2'],
      ['some-thing', '2.0'],
    ])
    const report =
      '{"version":"1","pip_version":"23.0.1","install":[{"is_direct":false,"requested":true,"metadata":{"metadata_version":"2.1","name":"guid","version":"1.1"}}]}'
    expect([...parsePipReport(report)]).toEqual([['guid', '1.1']])
    expect(pipNameOf('Zope.Interface__x')).toBe('zope-interface-x')
  })

  it('parsePipVersions() reads what an index has', () => {
    const text = 'guid (1.1)\nAvailable versions: 1.1, 1.0\n  INSTALLED: 1.0\n  LATEST:    1.1\n'
    expect(parsePipVersions(text)).toEqual(['1.1', '1.0'])
    expect(parsePipVersions('')).toEqual([])
  })

  it('pipComplaint() is the errors; an environment that is managed by others is known', () => {
    const stderr =
      "WARNING: Location '/opt/wheels' is ignored: it is either a non-existing path or lacks a specific scheme.\nERROR: Could not find a version that satisfies the requirement guid==9 (from versions: 1.0, 1.1)\nERROR: No matching distribution found for guid==9\n"
    expect(pipComplaint({ stderr })).toBe(
      'Could not find a version that satisfies the requirement guid==9 (from versions: 1.0, 1.1); No matching distribution found for guid==9',
    )
    const managed = 'error: externally-managed-environment\n\n× This environment is externally managed\n'
    expect(isExternallyManaged(pipComplaint({ stderr: managed }) ?? '')).toBe(true)
    expect(isExternallyManaged(pipComplaint({ stderr }) ?? '')).toBe(false)
  })

  it('leftByPip() sees what pip leaves to the system, though it ends well', () => {
    const stdout =
      "Found existing installation: wheel 0.38.4\nNot uninstalling wheel at /usr/lib/python3/dist-packages, outside environment /usr\nCan't uninstall 'wheel'. No files were found to uninstall.\n"
    expect(leftByPip({ stdout, stderr: '' })).toContain('Not uninstalling wheel')
    expect(leftByPip({ stdout: 'Successfully uninstalled guid-1.0\n', stderr: '' })).toBeUndefined()
  })
})

describe('gem', () => {
  it('parseGemList() reads every version, with what came with Ruby and what is for a platform', () => {
    const text =
      'base64 (default: 0.1.1)\ndebug (1.6.3)\nguid (1.1, 1.0)\nnet-imap (0.2.4)\njson (2.7.1, default: 2.6.1)\nplatform (3.0 x86_64-linux, 1.0)\n'
    expect([...parseGemList(text)]).toEqual([
      ['base64', ['0.1.1']],
      ['debug', ['1.6.3']],
      ['guid', ['1.1', '1.0']],
      ['net-imap', ['0.2.4']],
      ['json', ['2.7.1', '2.6.1']],
      ['platform', ['3.0', '1.0']],
    ])
  })

  it('gemComplaint() is the errors', () => {
    const stderr =
      "ERROR:  Could not find a valid gem 'nosuch' (= 2) (required by 'nosuch' (2)) in any repository\n"
    expect(gemComplaint({ stderr })).toBe(
      "Could not find a valid gem 'nosuch' (= 2) (required by 'nosuch' (2)) in any repository",
    )
  })
})

it('lastLines() is the end of an answer, on one line', () => {
  expect(lastLines('one\n\n  two   three\nfour\n', 2)).toBe('two three; four')
})
