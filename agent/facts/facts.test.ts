import { expect, it } from 'vitest'
import { diagnose } from '../../schemas/validate.ts'
import { collectFacts } from './collect.ts'
import { parseTotalMiB } from './memory.ts'
import { networkFacts } from './network.ts'
import { osFacts } from './os.ts'
import { detectVirtual, type VirtualEvidence } from './virtual.ts'

const debian = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
`

it.each([
  [debian, { id: 'debian', family: 'debian', release: '12', codename: 'bookworm', arch: 'amd64' }],
  [
    'NAME=\'Ubuntu\'\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n',
    { id: 'ubuntu', family: 'debian', release: '24.04', codename: 'noble', arch: 'amd64' },
  ],
  [
    'NAME="Fedora Linux"\nID=fedora\nVERSION_ID=41\nVERSION_CODENAME=""\n',
    { id: 'fedora', family: 'fedora', release: '41', codename: '', arch: 'amd64' },
  ],
  ['', { id: 'linux', family: 'linux', release: '', codename: '', arch: 'amd64' }],
])('osFacts() reads os-release', (text, wanted) => {
  expect(osFacts(text, 'x64')).toEqual(wanted)
})

it('osFacts() names architectures as dpkg does', () => {
  expect(['x64', 'arm64', 'arm', 'riscv64'].map((arch) => osFacts('', arch).arch)).toEqual([
    'amd64',
    'arm64',
    'armhf',
    'riscv64',
  ])
})

it('parseTotalMiB() reads /proc/meminfo', () => {
  expect(parseTotalMiB('MemTotal:        8148584 kB\nMemFree:          123 kB\n')).toBe(7957)
  expect(parseTotalMiB('')).toBe(0)
})

it('networkFacts() leaves out loopback and link-local addresses, and does not depend on the order found', () => {
  const address = (text: string, internal = false) => ({ address: text, internal }) as never
  const found = {
    lo: [address('127.0.0.1', true)],
    host1: [address('fd00::5'), address('198.18.77.5'), address('fe80::1')],
    down0: [address('fe80::2')],
    host0: [address('2001:db8::1')],
  }
  const facts = networkFacts(found)
  expect(facts).toEqual({
    address: '198.18.77.5',
    interfaces: { host0: ['2001:db8::1'], host1: ['198.18.77.5', 'fd00::5'] },
  })
  expect(JSON.stringify(networkFacts(Object.fromEntries(Object.entries(found).toReversed())))).toBe(
    JSON.stringify(facts),
  )
})

const bare: VirtualEvidence = {
  systemdContainer: '',
  initEnvironment: '',
  marker: undefined,
  dmi: '',
  cpuinfo: '',
}
it.each<[string, Partial<VirtualEvidence>]>([
  ['none', {}],
  ['systemd-nspawn', { systemdContainer: 'systemd-nspawn\n', dmi: 'QEMU' }],
  ['lxc', { initEnvironment: 'TERM=linux\0container=lxc\0HOME=/\0' }],
  ['none', { initEnvironment: 'my_container=no\0' }],
  ['docker', { marker: 'docker' }],
  ['qemu', { dmi: 'QEMU\nStandard PC (Q35 + ICH9, 2009)' }],
  ['amazon', { dmi: 'Amazon EC2\nt3.micro' }],
  ['vm-other', { cpuinfo: 'flags\t\t: fpu vme hypervisor lahf_lm\n' }],
])('detectVirtual() gives %s for %o', (wanted, evidence) => {
  expect(detectVirtual({ ...bare, ...evidence })).toBe(wanted)
})

it('collectFacts() gives facts of the protocol, equal when nothing changed', () => {
  const facts = collectFacts()
  expect(diagnose('protocol/facts', facts)).toEqual([])
  expect(collectFacts()).toEqual(facts)
})
