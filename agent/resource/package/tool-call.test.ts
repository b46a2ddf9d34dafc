/**
 * What is asked of the package managers that no test machine has. The answers are recorded (tool-answer.test.ts says
 * where), and calls of each of these kinds were tried on the real programs: zypper 1.14.42, pacman 6.0.2, apk-tools 3.0.6.
 */
import { describe, expect, it } from 'vitest'
import type { Exec, ExecResult } from '../../host/exec.ts'
import type { FileReader } from '../../host/file-reader.ts'
import type { Host } from '../../host/host.ts'
import { partialHost } from '../partial-host.ts'
import { holdByApk, installByApk, readApkDatabase, readApkPins, readApkVersions, removeByApk } from './apk.ts'
import { installByPacman, readPacmanVersions, removeByPacman } from './pacman.ts'
import { missing } from './tool.ts'
import {
  holdByZypper,
  installByZypper,
  readZypperLocks,
  readZypperUpdates,
  removeByZypper,
} from './zypper.ts'

interface Answer {
  /** What the call has to have in it, to be answered so. */
  readonly to: string
  readonly code?: number
  readonly stdout?: string
  readonly stderr?: string
}

/** A host with files, where each call gets the first answer that is for it; the calls are kept. */
function hostWith(
  answers: readonly Answer[],
  contents: Readonly<Record<string, string>> = {},
): { readonly host: Host; readonly calls: string[] } {
  const calls: string[] = []
  const left = [...answers]
  const exec: Exec = {
    async run(argv): Promise<ExecResult> {
      const call = argv.join(' ')
      calls.push(call)
      const at = left.findIndex(({ to }) => call.includes(to))
      const [answer] = at < 0 ? [undefined] : left.splice(at, 1)
      return { code: 0, signal: null, stdout: '', stderr: '', timedOut: false, ...answer }
    },
  }
  const files: Pick<FileReader, 'exists' | 'read' | 'realPath'> = {
    exists: (path) => Object.hasOwn(contents, path),
    read: (path) => Buffer.from(contents[path] ?? ''),
    realPath: (path) => path,
  }
  return { host: partialHost({ exec, files: files as FileReader }), calls }
}

describe('zypper', () => {
  it('installs several in one call, and finds the epoch that an author left out', async () => {
    const found =
      '<solvable status="other-version" name="guid" kind="package" edition="1:1.1-1" arch="noarch" repository="local"/>'
    const { host, calls } = hostWith([{ to: 'search', stdout: found }])
    await installByZypper(host, [
      { name: 'guid', version: '1.1-1' },
      { name: 'sample' },
      { name: 'x', source: '/x.rpm' },
    ])
    expect(calls.at(-1)).toBe(
      'zypper --non-interactive install --auto-agree-with-licenses --oldpackage guid=1:1.1-1 sample /x.rpm',
    )
  })

  it('asks nothing more for a version that has its epoch, and gives no architecture', async () => {
    const { host, calls } = hostWith([])
    await installByZypper(host, [{ name: 'guid', version: '1:1.1-1.noarch' }])
    expect(calls).toEqual([
      'zypper --non-interactive install --auto-agree-with-licenses --oldpackage guid=1:1.1-1',
    ])
  })

  it.each([0, 102, 103, 106])('takes exit code %i for a success', async (code) => {
    await installByZypper(hostWith([{ to: 'install', code }]).host, [{ name: 'sample' }])
  })

  it('refuses with its reason, and for a lock with what to do', async () => {
    const stdout =
      'Problem: conflicting requests\n Solution 1: Following actions will be done:\n  remove lock to allow removal of guid-1:1.0-1.noarch\n\nChoose from above solutions by number or cancel [1/2/c/d/?] (c): c\n'
    const { host } = hostWith([{ to: 'install', code: 4, stdout }])
    await expect(installByZypper(host, [{ name: 'guid', version: '1:1.1-1' }])).rejects.toMatchObject({
      code: 'apply-failed',
      message: expect.stringContaining('zypper exits 4 and answers "Problem: conflicting requests'),
      hint: 'Release the lock: zypper removelock NAME',
    })
  })

  it('reads updates and locks, locks, unlocks and removes', async () => {
    const { host, calls } = hostWith(
      [{ to: 'list-updates', stdout: '<update kind="package" name="guid" edition="1:1.1-1" arch="noarch">' }],
      { '/etc/zypp/locks': '\ntype: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: vim\n\n' },
    )
    expect((await readZypperUpdates(host)).get('guid')).toEqual(['1:1.1-1.noarch'])
    expect([...readZypperLocks(host)]).toEqual(['vim'])
    await holdByZypper(host, ['guid'], true)
    await holdByZypper(host, ['guid'], false)
    await removeByZypper(host, ['guid', 'sample'])
    expect(calls).toEqual([
      'zypper --non-interactive --xmlout list-updates --type package',
      'zypper --non-interactive addlock guid',
      'zypper --non-interactive removelock guid',
      'zypper --non-interactive remove guid sample',
    ])
  })
})

describe('apk', () => {
  const database = 'P:guid\nV:2.0_rc1-r0\n\nP:sample\nV:1.0-r0\n\n'
  const missed =
    'ERROR: unable to select packages:\n  nosuch (no such package):\n    required by: world[nosuch]\n'

  it('installs an exact version, and lets go of the hold that apk made of it', async () => {
    const { host, calls } = hostWith([])
    await installByApk(host, [{ name: 'guid' }, { name: 'sample', version: '1.0-r0' }])
    expect(calls).toEqual([
      'apk --wait 300 --no-progress add guid sample=1.0-r0',
      'apk --wait 300 --no-progress add sample',
    ])
  })

  it('keeps the hold of a package that was held', async () => {
    const { host, calls } = hostWith([], { '/etc/apk/world': 'guid\nsample=1.0-r0\n' })
    await installByApk(host, [{ name: 'sample', version: '1.1-r0' }])
    expect(calls).toEqual(['apk --wait 300 --no-progress add sample=1.1-r0'])
  })

  it('fetches the index when it does not know a name, once', async () => {
    const { host, calls } = hostWith([
      { to: 'add', code: 1, stderr: missed },
      { to: '--update-cache', code: 1, stderr: missed },
    ])
    await expect(installByApk(host, [{ name: 'nosuch' }])).rejects.toMatchObject({
      message:
        'Cannot install "nosuch": apk exits 1 and answers "ERROR: unable to select packages: nosuch (no such package): required by: world[nosuch]"',
    })
    expect(calls).toEqual([
      'apk --wait 300 --no-progress add nosuch',
      'apk --wait 300 --no-progress --update-cache add nosuch',
    ])
  })

  it.each(['/lib/apk/db/installed', '/usr/lib/apk/db/installed'])('reads its database from %s', (path) => {
    const { host } = hostWith([], { [path]: database })
    expect([...readApkDatabase(host)]).toEqual([
      ['guid', '2.0_rc1-r0'],
      ['sample', '1.0-r0'],
    ])
    expect([...readApkPins(host)]).toEqual([])
  })

  it('holds at the version that is installed, and removes with what was configured', async () => {
    const { host, calls } = hostWith([], { '/lib/apk/db/installed': database })
    await holdByApk(host, ['sample'], true)
    await holdByApk(host, ['sample'], false)
    await removeByApk(host, ['sample', 'guid'], { purge: true })
    expect(calls.map((call) => call.replace('apk --wait 300 --no-progress ', ''))).toEqual([
      'add sample=1.0-r0',
      'add sample',
      'del --purge sample guid',
    ])
  })

  it('tells the versions of a repository, newest first', async () => {
    const stdout =
      'sample policy:\n  1.0-r9:\n    lib/apk/db/installed\n  1.0-r10:\n    https://dl-cdn.alpinelinux.org/alpine/v3.20/main\n  1.0-r11:\n    https://dl-cdn.alpinelinux.org/alpine/v3.20/main\n'
    const { host } = hostWith([{ to: 'policy', stdout }])
    expect((await readApkVersions(host, ['sample'])).get('sample')).toEqual(['1.0-r11', '1.0-r10'])
  })
})

describe('pacman', () => {
  it('installs files and names, in a call each', async () => {
    const { host, calls } = hostWith([])
    await installByPacman(host, [
      { name: 'guid' },
      { name: 'sample', source: '/srv/sample-1.0-1-any.pkg.tar.zst' },
      { name: 'other', version: '3-1' },
    ])
    expect(calls).toEqual([
      'pacman --noconfirm --noprogressbar --color=never --upgrade --needed /srv/sample-1.0-1-any.pkg.tar.zst',
      'pacman --noconfirm --noprogressbar --color=never --sync --needed guid other=3-1',
    ])
  })

  it.each([
    [
      'error: target not found: sample=9-1\n',
      'The repositories have one version of each package: for another, give its file as source',
    ],
    [
      'error: failed to init transaction (unable to lock database)\nerror: could not lock database: File exists\n',
      'Another pacman works, or one was killed: when none runs, remove /var/lib/pacman/db.lck',
    ],
  ])('says what to do about %j', async (stderr, hint) => {
    const { host } = hostWith([{ to: '--sync', code: 1, stderr }])
    await expect(installByPacman(host, [{ name: 'sample', version: '9-1' }])).rejects.toMatchObject({ hint })
  })

  it('removes, with configuration files when they are to go, and never fetches lists', async () => {
    const { host, calls } = hostWith([{ to: '--list', stdout: 'extra guid 1:2.0-1\n' }])
    expect([...(await readPacmanVersions(host))]).toEqual([['guid', '1:2.0-1']])
    await removeByPacman(host, ['guid'])
    await removeByPacman(host, ['guid'], { purge: true })
    expect(calls).toEqual([
      'pacman --sync --list',
      'pacman --noconfirm --noprogressbar --color=never --remove guid',
      'pacman --noconfirm --noprogressbar --color=never --remove --nosave guid',
    ])
  })
})

it('missing() names the program and the package that brings it', () => {
  const { host } = hostWith([], { '/usr/bin/dnf': '' })
  expect(missing(host, 'dnf', 'the package dnf')).toBeUndefined()
  expect(missing(host, '/opt/pip', 'the package python3-pip')).toBe(
    'there is no /opt/pip on this host; the package python3-pip brings it',
  )
})
