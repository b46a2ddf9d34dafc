import { expect, it } from 'vitest'
import { diagnose } from '../../schemas/validate.ts'
import { builtInFacts, readVitals } from './built-in.ts'
import { createFactFiles } from './files.ts'
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
  [
    debian,
    {
      id: 'debian',
      name: 'Debian GNU/Linux',
      prettyName: 'Debian GNU/Linux 12 (bookworm)',
      family: 'debian',
      release: '12',
      codename: 'bookworm',
      arch: 'amd64',
    },
  ],
  [
    'NAME=\'Ubuntu\'\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n',
    {
      id: 'ubuntu',
      name: 'Ubuntu',
      prettyName: '',
      family: 'debian',
      release: '24.04',
      codename: 'noble',
      arch: 'amd64',
    },
  ],
  [
    'NAME="Fedora Linux"\nID=fedora\nVERSION_ID=41\nVERSION_CODENAME=""\n',
    {
      id: 'fedora',
      name: 'Fedora Linux',
      prettyName: '',
      family: 'fedora',
      release: '41',
      codename: '',
      arch: 'amd64',
    },
  ],
  ['', { id: 'linux', name: '', prettyName: '', family: 'linux', release: '', codename: '', arch: 'amd64' }],
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

it('builtInFacts() and readVitals() are those of the protocol, and facts are equal when nothing changed', () => {
  const facts = builtInFacts()
  expect(diagnose('protocol/facts', facts)).toEqual([])
  expect(builtInFacts()).toEqual(facts)
  expect(diagnose('protocol/vitals', readVitals())).toEqual([])
})

it('builtInFacts() of a host without files says what it can', () => {
  const facts = builtInFacts(createFactFiles('/nonexistent'))
  expect(diagnose('protocol/facts', facts)).toEqual([])
  expect(facts).toMatchObject({ timezone: 'UTC', bootTime: '', packageManager: '', disks: {}, mounts: {} })
})
