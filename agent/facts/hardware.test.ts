/** Over what /proc and /sys of real hosts said: a virtual machine, a server with two sockets, an ARM board, a container. */
import { expect, it } from 'vitest'
import { bootTime, uptimeSeconds } from './boot.ts'
import { cpuFacts } from './cpu.ts'
import { diskFacts } from './disk.ts'
import { parseMemoryMiB } from './memory.ts'
import { mountFacts, mountVitals } from './mount.ts'
import { filesOf } from './testing.ts'

const processor = (n: number, socket: number, core: number) =>
  `processor\t: ${n}\nvendor_id\t: GenuineIntel\nmodel\t\t: 85\nmodel name\t: Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz\nphysical id\t: ${socket}\ncore id\t\t: ${core}\ncpu cores\t: 2\n`

it('cpuFacts() counts cores and sockets of /proc/cpuinfo, threads once', () => {
  const cpuinfo = [
    processor(0, 0, 0),
    processor(1, 1, 0),
    processor(2, 0, 1),
    processor(3, 1, 1),
    processor(4, 0, 0),
    processor(5, 1, 0),
    '',
  ].join('\n')
  expect(cpuFacts(filesOf({ 'proc/cpuinfo': cpuinfo }), 6)).toEqual({
    count: 6,
    cores: 4,
    sockets: 2,
    model: 'Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz',
  })
})

it('cpuFacts() asks /sys where /proc/cpuinfo names no cores', () => {
  const cpu = (n: number) => `sys/devices/system/cpu/cpu${n}/topology`
  const files = filesOf({
    'proc/cpuinfo': 'processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n\n',
    'sys/devices/system/cpu/cpufreq/boost': '1\n',
    ...Object.fromEntries(
      [0, 1].flatMap((n) => [
        [`${cpu(n)}/physical_package_id`, '-1\n'],
        [`${cpu(n)}/core_id`, `${n}\n`],
      ]),
    ),
  })
  expect(cpuFacts(files, 2)).toEqual({ count: 2, cores: 2, sockets: 1, model: '' })
  expect(cpuFacts(filesOf({}), 1)).toEqual({ count: 1, cores: 0, sockets: 0, model: '' })
})

it('parseMemoryMiB() reads /proc/meminfo', () => {
  const meminfo = 'MemTotal:        8148584 kB\nMemFree:          123 kB\nSwapTotal:       1048572 kB\n'
  expect(parseMemoryMiB(meminfo, 'MemTotal')).toBe(7957)
  expect(parseMemoryMiB(meminfo, 'SwapTotal')).toBe(1023)
  expect(parseMemoryMiB(meminfo, 'MemAvailable')).toBe(0)
})

it('diskFacts() leaves out what has no device, no size or a medium that goes', () => {
  const block = (name: string, size: string, more: Record<string, string> = {}) => ({
    [`sys/block/${name}/size`]: `${size}\n`,
    ...Object.fromEntries(Object.entries(more).map(([path, text]) => [`sys/block/${name}/${path}`, text])),
  })
  const device = { 'device/uevent': 'DRIVER=sd\n' }
  const files = filesOf({
    ...block('sda', '1953525168', { 'device/model': 'ST1000DM003-1CH1\n', 'queue/rotational': '1\n' }),
    ...block('nvme0n1', '1000215216', { 'device/model': 'Samsung SSD 980 \n', 'queue/rotational': '0\n' }),
    ...block('nvme0c0n1', '1000215216', device),
    ...block('sdb', '0', device),
    ...block('sr0', '2097151', device),
    ...block('loop0', '8', {}),
    ...block('dm-0', '41943040', {}),
  })
  expect(diskFacts(files)).toEqual({
    nvme0n1: { sizeMiB: 488_386, model: 'Samsung SSD 980', rotational: false },
    sda: { sizeMiB: 953_869, model: 'ST1000DM003-1CH1', rotational: true },
  })
})

const mountinfo = `22 28 0:21 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
24 28 0:5 / /dev rw,nosuid shared:2 - devtmpfs udev rw,size=4023432k
26 28 0:23 / /run rw,nosuid shared:5 - tmpfs tmpfs rw,size=814860k
28 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
60 28 8:17 / /srv/with\\040space rw shared:30 - xfs /dev/sdb1 rw
61 28 8:18 / /srv/hidden rw shared:31 - ext4 /dev/sdb2 rw
62 28 8:19 / /srv/hidden rw shared:32 - ext4 /dev/sdb3 rw
63 28 8:1 /var/lib/x /srv/bind rw shared:1 - ext4 /dev/sda1 rw
64 28 0:44 /@home /home rw shared:33 - btrfs /dev/sdc rw,subvol=/@home
65 28 0:50 / /mnt/nas rw shared:34 - nfs4 nas:/export rw,vers=4.2
66 28 7:1 / /snap/core/1 ro shared:35 - squashfs /dev/loop1 ro
67 28 0:60 / /var/lib/docker/overlay2/ab/merged rw shared:36 - overlay overlay rw
68 28 8:33 / /var/lib/docker rw shared:37 - ext4 /dev/sdd1 rw
69 68 8:34 / /var/lib/kubelet/pods/x/volumes/y rw shared:38 - ext4 /dev/sdd2 rw
70 26 8:49 / /run/media/usb rw shared:39 - vfat /dev/sde1 rw
71 28 0:61 / /etc/pve rw shared:40 - fuse /dev/fuse rw
72 28 0:62 / /tank rw shared:41 - zfs tank rw
`

it('mountFacts() has the root, block devices and the network, and asks neither nfs nor zfs for a size', () => {
  const asked: string[] = []
  const space = (path: string) => {
    asked.push(path)
    return { sizeMiB: 1000, freeMiB: 400 }
  }
  expect(mountFacts(mountinfo, space)).toEqual({
    '/': { device: '/dev/sda1', type: 'ext4', sizeMiB: 1000 },
    '/home': { device: '/dev/sdc', type: 'btrfs', sizeMiB: 1000 },
    '/mnt/nas': { device: 'nas:/export', type: 'nfs4', sizeMiB: 0 },
    '/srv/hidden': { device: '/dev/sdb3', type: 'ext4', sizeMiB: 1000 },
    '/srv/with space': { device: '/dev/sdb1', type: 'xfs', sizeMiB: 1000 },
    '/tank': { device: 'tank', type: 'zfs', sizeMiB: 0 },
    '/var/lib/docker': { device: '/dev/sdd1', type: 'ext4', sizeMiB: 1000 },
  })
  expect(asked).not.toContain('/mnt/nas')
  expect(asked).not.toContain('/tank')
  expect(Object.keys(mountVitals(mountinfo, space))).toEqual([
    '/',
    '/home',
    '/srv/hidden',
    '/srv/with space',
    '/var/lib/docker',
  ])
})

it('bootTime() of a container is when its process 1 began, and uptimeSeconds() counts from there', () => {
  const stat = 'cpu  1 2 3\nbtime 1767225600\nprocesses 5\n'
  const init = (ticks: number) => `1 (a) name (x)) S 0 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 ${ticks} 1 1`
  expect(bootTime({ stat, init: init(3) })).toBe('2026-01-01T00:00:00Z')
  expect(bootTime({ stat, init: init(360_050) })).toBe('2026-01-01T01:00:00Z')
  expect(bootTime({ stat: '', init: init(3) })).toBe('')
  expect(uptimeSeconds('7200.94 100.00\n', init(360_050))).toBe(3600)
  expect(uptimeSeconds('', '')).toBe(0)
})
