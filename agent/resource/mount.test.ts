import { describe, expect, test } from 'vitest'
import type { MountParams } from '../../schemas/generated/types.ts'
import type { FstabEntry } from '../host/fstab.ts'
import { type Mounted, parseMountTable } from '../host/mount-table.ts'
import { isMountOf } from './mount/device.ts'
import { type LiveMount, type MountState, mount } from './mount.ts'
import { partialHost } from './partial-host.ts'
import type { Wanted } from './resource-type.ts'

const data: MountParams = { device: 'LABEL=data', fstype: 'ext4', options: ['noatime', 'nofail'], pass: 2 }
const entry: FstabEntry = {
  device: 'LABEL=data',
  path: '/srv/data',
  fstype: 'ext4',
  options: ['nofail', 'noatime'],
  dump: 0,
  pass: 2,
}
const live: LiveMount = {
  fstype: 'ext4',
  source: '/dev/sdb1',
  isWantedDevice: true,
  options: ['rw', 'noatime'],
}
const mounted: MountState = { entries: [entry], live }
const nothing: MountState = { entries: [], live: undefined }

test.each<[title: string, params: MountParams, state: MountState, changes: string[]]>([
  ['it is as wanted', data, mounted, []],
  ['it is gone', { ensure: 'absent' }, nothing, []],
  [
    'it is defined, and mounted by someone',
    { ...data, ensure: 'defined' },
    { ...mounted, live: { ...live, options: ['ro'] } },
    [],
  ],
  ['it is not mounted', { ...data, ensure: 'unmounted' }, { ...mounted, live: undefined }, []],
  ['the device cannot be told', data, { ...mounted, live: { ...live, isWantedDevice: undefined } }, []],
  [
    'systemd waits to mount it',
    data,
    { ...mounted, live: { ...live, fstype: 'autofs', isWantedDevice: false } },
    [],
  ],
  ['there is nothing', data, nothing, ['ensure: absent -> mounted']],
  ['it has no line', data, { entries: [], live }, ['ensure: mounted, not in fstab -> mounted']],
  [
    'it is not mounted and should be',
    data,
    { ...mounted, live: undefined },
    ['ensure: unmounted -> mounted'],
  ],
  ['it should not be mounted', { ...data, ensure: 'unmounted' }, mounted, ['ensure: mounted -> unmounted']],
  ['it should go', { ensure: 'absent' }, mounted, ['ensure: mounted -> absent']],
  [
    'its line differs',
    { device: '/dev/sdb1', fstype: 'xfs', dump: 1 },
    { entries: [entry], live: { ...live, fstype: 'xfs', options: ['rw'] } },
    [
      'device: LABEL=data -> /dev/sdb1',
      'fstype: ext4 -> xfs',
      'dump: 0 -> 1',
      'pass: 2 -> 0',
      'options: nofail,noatime -> defaults',
    ],
  ],
  ['there are two lines', data, { ...mounted, entries: [entry, entry] }, ['lines: 2 -> 1']],
  [
    'another device is mounted',
    data,
    { ...mounted, live: { ...live, isWantedDevice: false, fstype: 'xfs' } },
    ['mountedDevice: /dev/sdb1 -> LABEL=data', 'mountedFstype: xfs -> ext4'],
  ],
  [
    'it is mounted with other flags',
    data,
    { ...mounted, live: { ...live, options: ['ro', 'noatime'] } },
    ['mountedOptions: ro,noatime -> rw'],
  ],
])('diff() when %s', (_, params, state, changes) => {
  expect(
    mount.diff(wantedOf(params), state).map(({ property, from, to }) => `${property}: ${from} -> ${to}`),
  ).toEqual(changes)
})

describe('isMountOf()', () => {
  const table = parseMountTable(`1 0 254:0 / / rw - ext4 /dev/vda1 rw
2 1 0:44 / /tmp rw - tmpfs tmpfs rw
3 1 254:0 /srv/a /srv/b rw - ext4 /dev/vda1 rw
4 1 7:3 / /srv/loop rw - ext4 /dev/loop3 rw
5 1 0:99 / /srv/nas rw - nfs4 nas:/export/ rw
6 1 8:1 / /srv/disk rw - ext4 /dev/mapper/vg-data rw
7 1 0:44 /deep/dir /srv/c rw - tmpfs tmpfs rw
`)
  test.each<[title: string, path: string, device: string, options: string[], is: boolean | undefined]>([
    ['a bind mount of the wanted directory', '/srv/b', '/srv/a', ['bind'], true],
    ['a bind mount of another directory', '/srv/b', '/srv/x', ['bind'], false],
    ['a bind mount out of another mount', '/srv/c', '/tmp/deep/dir', ['bind'], true],
    ['the wanted file over a loop device', '/srv/loop', '/srv/disk.img', ['loop'], true],
    ['another file over a loop device', '/srv/loop', '/srv/other.img', ['loop'], false],
    ['a share, with a slash more', '/srv/nas', 'nas:/export', [], true],
    ['another share', '/srv/nas', 'nas:/other', [], false],
    ['a device by another name', '/srv/disk', 'UUID=12ab', [], true],
    ['another device', '/srv/disk', '/dev/vda1', [], false],
    ['a name that means nothing', '/tmp', 'whatever', [], undefined],
    ['a label that no device has', '/srv/disk', 'LABEL=lost', [], undefined],
  ])('%s', async (_, path, device, options, is) => {
    const real = new Map([
      ['/dev/mapper/vg-data', '/dev/dm-0'],
      ['/dev/disk/by-uuid/12ab', '/dev/dm-0'],
    ])
    const host = partialHost({
      files: {
        ...partialFiles,
        realPath: (at) => real.get(at) ?? at,
        exists: (at) => real.has(at),
      },
      kernel: { read: () => '/srv/disk.img\n', write: () => {} },
      exec: { run: async () => ({ code: 2, signal: null, stdout: '', stderr: '', timedOut: false }) },
    })
    const live = table.find((one): one is Mounted => one.path === path)
    if (live === undefined) throw new Error(`nothing at ${path}`)
    expect(await isMountOf(host, table, { spec: { device, path, options }, live })).toBe(is)
  })
})

const unused = () => {
  throw new Error('not to be called')
}
const partialFiles = {
  stat: unused,
  readLink: unused,
  list: unused,
  sha256: unused,
  sha512: unused,
  read: unused,
}

function wantedOf(params: MountParams): Wanted<MountParams> {
  return { id: 'mount:/srv/data', title: '/srv/data', params, where: 'a.ts:1' }
}
