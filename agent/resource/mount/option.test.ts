import { expect, test } from 'vitest'
import { kernelOptions, missingOptions, parseSize } from './option.ts'

test.each<[title: string, wanted: string, fstype: string, live: string, missing: string[]]>([
  ['nothing differs', 'defaults', 'ext4', 'rw,relatime', []],
  ['flags are as asked for', 'ro,noatime,nosuid', 'ext4', 'ro,nosuid,noatime,rw', []],
  ['the last word counts', 'ro,rw', 'ext4', 'rw,relatime', []],
  ['it went read-only by an error', 'errors=remount-ro', 'ext4', 'ro,relatime,errors=remount-ro', ['rw']],
  ['it can only be read', 'defaults', 'iso9660', 'ro,relatime', []],
  ['a flag is missing', 'noexec', 'tmpfs', 'rw,relatime', ['noexec']],
  ['a flag is too much', 'defaults', 'ext4', 'rw,nodev', ['dev']],
  ['a bind mount has it from its source', 'bind', 'tmpfs', 'rw,nosuid,nodev', []],
  ['a bind mount is to be read-only', 'bind,ro', 'tmpfs', 'rw,nodev', ['ro']],
  ['user brings flags along', 'user', 'ext4', 'rw,nosuid,nodev,noexec', []],
  ['user brings flags along, one taken back', 'user,exec', 'ext4', 'rw,nosuid,nodev,noexec', ['exec']],
  ['access times differ', 'noatime', 'ext4', 'rw,relatime', ['noatime']],
  ['strict access times are what is not shown', 'strictatime', 'ext4', 'rw', []],
  ['a tmpfs has the size in other words', 'size=64m,mode=0700', 'tmpfs', 'rw,size=65536k,mode=700', []],
  ['a tmpfs has rounded to pages', 'size=5000', 'tmpfs', 'rw,size=8k', []],
  ['a tmpfs is smaller', 'size=64m', 'tmpfs', 'rw,size=1024k', ['size=64m']],
  ['a tmpfs has the default mode', 'mode=1777', 'tmpfs', 'rw', []],
  ['a tmpfs has another mode', 'mode=0700', 'tmpfs', 'rw', ['mode=0700']],
  ['a part of memory cannot be compared', 'size=50%', 'tmpfs', 'rw,size=8k', []],
])('missingOptions() when %s', (_, wanted, fstype, live, missing) => {
  expect(missingOptions(wanted.split(','), { fstype, options: live.split(',') })).toEqual(missing)
})

test('kernelOptions() leaves out what user space keeps to itself', () => {
  expect(kernelOptions(['defaults', 'nofail', 'x-systemd.automount', '_netdev', 'ro'])).toEqual(['ro'])
})

test.each([
  ['64m', 67_108_864],
  ['1G', 1_073_741_824],
  ['12', 12],
  ['5%', undefined],
])('parseSize(%s) is %s', (written, bytes) => {
  expect(parseSize(written)).toBe(bytes)
})
