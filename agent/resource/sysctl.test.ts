import { describe, expect, test } from 'vitest'
import type { SysctlParams } from '../../schemas/generated/types.ts'
import { parseSysctl } from '../host/sysctl-file.ts'
import type { Wanted } from './resource-type.ts'
import { type SysctlState, sysctl } from './sysctl.ts'

const key = 'net.ipv4.tcp_rmem'
const path = `/etc/sysctl.d/90-rekindle-${key}.conf`
const text = `# Written by Rekindle: edits are lost.\n${key} = 4096 87380 6291456\n`
const rmem: SysctlParams = { value: '4096 87380 6291456' }
const right: SysctlState = {
  file: { path, kind: 'file', text, mode: 0o644, uid: 0, gid: 0 },
  stale: [],
  later: undefined,
  live: '4096\t87380\t6291456',
}
const none: SysctlState = { ...right, file: { ...right.file, kind: 'absent', text: undefined } }

test.each<[title: string, params: SysctlParams, state: SysctlState, changes: string[]]>([
  ['all is as wanted, with tabs', rmem, right, []],
  ['only the boot counts', { ...rmem, live: false }, { ...right, live: '1' }, []],
  ['there is none and should be none', { ensure: 'absent' }, none, []],
  [
    'a later file says the same',
    rmem,
    { ...right, later: { key, mayBeUnknown: false, value: '4096\t87380 6291456', path: '/x' } },
    [],
  ],
  [
    'the key is unknown and may be',
    { ...rmem, ignoreUnknown: true },
    { ...right, live: undefined, file: { ...right.file, text: text.replace(key, `-${key}`) } },
    [],
  ],
  ['there is no file', rmem, none, ['boot: absent -> 4096 87380 6291456']],
  ['the file sets another value', { value: 1 }, { ...right, live: '1' }, ['boot: 4096 87380 6291456 -> 1']],
  [
    'the kernel has another value',
    rmem,
    { ...right, live: '1\t2\t3' },
    ['value: 1\t2\t3 -> 4096 87380 6291456'],
  ],
  [
    'the kernel does not know it',
    rmem,
    { ...right, live: undefined },
    ['value: unknown -> 4096 87380 6291456'],
  ],
  [
    'a later file sets it again',
    rmem,
    { ...right, later: { key, mayBeUnknown: false, value: '1', path: '/etc/sysctl.d/99-sysctl.conf' } },
    ['overriddenBy: /etc/sysctl.d/99-sysctl.conf: 1 -> none'],
  ],
  [
    'another priority was wanted before',
    rmem,
    { ...right, stale: ['/etc/sysctl.d/50'] },
    ['staleFiles: /etc/sysctl.d/50 -> absent'],
  ],
  ['it should go', { ensure: 'absent' }, right, ['ensure: present -> absent']],
])('diff() when %s', (_, params, state, changes) => {
  const wanted: Wanted<SysctlParams> = { id: `sysctl:${key}`, title: key, params, where: 'a.ts:1' }
  expect(sysctl.diff(wanted, state).map(({ property, from, to }) => `${property}: ${from} -> ${to}`)).toEqual(
    changes,
  )
})

describe('parseSysctl()', () => {
  test("reads Debian's own files", () => {
    expect(
      parseSysctl(`#
# /etc/sysctl.conf - Configuration file for setting system variables
#kernel.domainname = example.com
; other
-net.ipv4.conf.all.promote_secondaries = 1
net.ipv4.conf.*.rp_filter = 2
-net.ipv4.conf.all.rp_filter
kernel/pid_max=4194304
net.ipv4.tcp_rmem = 4096\t87380 6291456
kernel.core_pattern=|/bin/x %P = %u
`),
    ).toEqual([
      { key: 'net.ipv4.conf.all.promote_secondaries', value: '1', mayBeUnknown: true },
      { key: 'kernel.pid_max', value: '4194304', mayBeUnknown: false },
      { key: 'net.ipv4.tcp_rmem', value: '4096\t87380 6291456', mayBeUnknown: false },
      { key: 'kernel.core_pattern', value: '|/bin/x %P = %u', mayBeUnknown: false },
    ])
  })
})
