import { expect, test } from 'vitest'
import { moduleName, parseBuiltIn, parseModuleList, parseModules } from './kernel-module.ts'

// Of Debian 12, Linux 6.1.
const modules = `nf_conntrack_netlink 57344 0 - Live 0x0000000000000000
nf_conntrack 188416 4 nf_conntrack_netlink,xt_conntrack,nf_nat,xt_MASQUERADE, Live 0x0000000000000000
xt_MASQUERADE 20480 1 - Live 0x0000000000000000
loop 32768 0 [permanent], Live 0x0000000000000000
`

test('parseModules() reads who holds each', () => {
  const loaded = parseModules(modules)
  expect(loaded.get('nf_conntrack_netlink')).toEqual({ users: [] })
  expect(loaded.get('nf_conntrack')).toEqual({
    users: ['nf_conntrack_netlink', 'xt_conntrack', 'nf_nat', 'xt_MASQUERADE'],
  })
  expect(loaded.get('xt_MASQUERADE')).toEqual({ users: ['1 users'] })
  expect(loaded.get('loop')).toEqual({ users: ['[permanent]'] })
  expect(loaded.size).toBe(4)
})

test('parseBuiltIn() takes names out of paths', () => {
  const builtIn = parseBuiltIn('kernel/fs/ext4/ext4.ko\nkernel/lib/crc-t10dif.ko\n')
  expect([...builtIn]).toEqual(['ext4', 'crc_t10dif'])
})

test("parseModuleList() reads Debian's /etc/modules", () => {
  expect(
    parseModuleList(
      '# /etc/modules: kernel modules to load at boot time.\n\nloop max_loop=64\nsnd-seq\n;x\n',
    ),
  ).toEqual(['loop', 'snd_seq'])
})

test('moduleName() is as the kernel has it', () => {
  expect(moduleName('snd-hda-intel')).toBe('snd_hda_intel')
})
