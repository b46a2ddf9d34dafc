import { expect, test } from 'vitest'
import { mountedAt, mountOf, parseMountTable } from './mount-table.ts'

// As Linux 6.18 shows them in a container.
const text = `117 92 0:42 / / rw,relatime shared:3 - overlay rekindle rw,lowerdir=/a:/b,uuid=on
118 117 0:44 / /tmp rw,nosuid,nodev shared:4 - tmpfs tmpfs rw,size=2468412k,nr_inodes=409600
127 123 254:0 /usr/lib/os-release /run/host/os-release rw,relatime shared:9 - ext4 /dev/vda rw,discard
132 130 0:50 /sys /proc/sys ro,nosuid,nodev,noexec,relatime shared:12 - proc proc rw
230 117 7:0 / /mnt/i rw,relatime - ext4 /dev/loop0 rw
233 117 0:59 / /mnt/a\\040b rw,relatime shared:77 - tmpfs tmpfs rw
234 233 0:60 / /mnt/a\\040b ro,relatime shared:78 master:3 - tmpfs over rw
`
const table = parseMountTable(text)

test('parseMountTable() reads every line, with and without optional fields', () => {
  expect(table).toHaveLength(7)
  expect(table[3]).toEqual({
    device: '0:50',
    root: '/sys',
    path: '/proc/sys',
    fstype: 'proc',
    source: 'proc',
    options: ['ro', 'nosuid', 'nodev', 'noexec', 'relatime', 'rw'],
  })
  expect(table[4]).toMatchObject({ path: '/mnt/i', fstype: 'ext4', source: '/dev/loop0' })
})

test('mountedAt() gives the last that was mounted there', () => {
  expect(mountedAt(table, '/mnt/a b')?.source).toBe('over')
  expect(mountedAt(table, '/mnt')).toBeUndefined()
})

test.each([
  ['/tmp/x', '/tmp'],
  ['/tmpfoo', '/'],
  ['/mnt/i', '/mnt/i'],
])('mountOf() finds that %s stands in %s', (path, mount) => {
  expect(mountOf(table, path)?.path).toBe(mount)
})
