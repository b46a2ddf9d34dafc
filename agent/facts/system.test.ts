import { expect, it } from 'vitest'
import { parseDpkgStatus } from '../host/dpkg-status.ts'
import { dpkgVersions, parseApk, parsePacman, parseRpm } from './packages.ts'
import { findFact, renderFacts } from './render.ts'
import { dmiFacts, initFact, packageManagerFact, securityFacts, sshFacts, timezoneFact } from './system.ts'
import { filesOf } from './testing.ts'

it.each([
  [{ 'etc/localtime': '-> /usr/share/zoneinfo/Europe/Berlin' }, 'Europe/Berlin'],
  [{ 'etc/localtime': '-> ../usr/share/zoneinfo/posix/America/Argentina/Salta' }, 'America/Argentina/Salta'],
  [{ 'etc/localtime': 'TZif2', 'etc/timezone': 'Asia/Tokyo\n' }, 'Asia/Tokyo'],
  [{}, 'UTC'],
])('timezoneFact() of %j is %s', (files: Record<string, string>, wanted) => {
  expect(timezoneFact(filesOf(files))).toBe(wanted)
})

it('sshFacts() has the public keys by type, without their comments', () => {
  const files = filesOf({
    'etc/ssh/ssh_host_ed25519_key': 'PRIVATE',
    'etc/ssh/ssh_host_ed25519_key.pub': 'ssh-ed25519 AAAAC3Nz root@web-1\n',
    'etc/ssh/ssh_host_rsa_key.pub': 'ssh-rsa AAAAB3Nz\n',
    'etc/ssh/ssh_host_broken_key.pub': '',
  })
  expect(sshFacts(files)).toEqual({ hostKeys: { 'ssh-ed25519': 'AAAAC3Nz', 'ssh-rsa': 'AAAAB3Nz' } })
})

it('initFact(), securityFacts(), dmiFacts() and packageManagerFact() say what the files tell', () => {
  const files = filesOf({
    'run/openrc/softlevel': 'default',
    'proc/1/comm': 'init\n',
    'sys/fs/selinux/enforce': '0',
    'sys/module/apparmor/parameters/enabled': 'Y\n',
    'sys/class/dmi/id/sys_vendor': 'Dell Inc.\n',
    'sys/class/dmi/id/product_uuid': '4C4C4544-0042\n',
    'lib/apk/db/installed': '',
  })
  expect(initFact(files)).toBe('openrc')
  expect(initFact(filesOf({ 'proc/1/comm': 'init\n' }))).toBe('init')
  expect(securityFacts(files)).toEqual({ selinux: 'permissive', apparmor: true })
  expect(dmiFacts(files)).toEqual({
    manufacturer: 'Dell Inc.',
    product: '',
    serial: '',
    uuid: '4c4c4544-0042',
  })
  expect([packageManagerFact(files), packageManagerFact(filesOf({}))]).toEqual(['apk', ''])
})

it('dpkgVersions() has what is installed, and a foreign architecture by its name', () => {
  const stanza = (name: string, state: string, more = '') =>
    `Package: ${name}\nStatus: ${state}\nArchitecture: amd64\nVersion: 1:2.0-1\n${more}`
  const status = [
    stanza('dpkg', 'install ok installed'),
    stanza('nginx', 'install ok triggers-pending'),
    stanza('gone', 'deinstall ok config-files'),
    'Package: adduser\nStatus: install ok installed\nArchitecture: all\nVersion: 3.134\n',
    'Package: libc6\nStatus: install ok installed\nArchitecture: i386\nVersion: 2.36\n',
    stanza('libc6', 'hold ok installed'),
  ].join('\n')
  expect(dpkgVersions(parseDpkgStatus(status))).toEqual({
    adduser: '3.134',
    dpkg: '1:2.0-1',
    libc6: '1:2.0-1',
    'libc6:i386': '2.36',
    nginx: '1:2.0-1',
  })
})

it('parseApk(), parsePacman() and parseRpm() read versions', () => {
  expect(parseApk('C:Q1\nP:musl\nV:1.2.4-r2\nA:x86_64\n\nP:busybox\nV:1.36.1-r5\n\n')).toEqual({
    busybox: '1.36.1-r5',
    musl: '1.2.4-r2',
  })
  expect(parsePacman(['ALPM_DB_VERSION', 'gcc-libs-13.2.1-3', 'zlib-1:1.3-1'])).toEqual({
    'gcc-libs': '13.2.1-3',
    zlib: '1:1.3-1',
  })
  expect(parseRpm('bash\t5.2.15-3.fc38\ngpg-pubkey\t1-2\nopenssl\t1:3.0.9-1.fc38\n')).toEqual({
    bash: '5.2.15-3.fc38',
    openssl: '1:3.0.9-1.fc38',
  })
})

const facts = {
  os: { id: 'debian' },
  mounts: { '/srv/a.b': { type: 'ext4' } },
  packages: { a: '1', b: '2' },
  list: [1, 2],
}

it('renderFacts() is a line a fact, and counts packages', () => {
  expect(renderFacts(facts)).toBe(
    'os.id = debian\nmounts./srv/a.b.type = ext4\npackages = 2 installed\nlist = [1,2]',
  )
})

it.each([
  ['os.id', 'debian'],
  ['mounts./srv/a.b.type', 'ext4'],
  ['packages.b', '2'],
  ['os.none', undefined],
  ['os.id.more', undefined],
  ['toString', undefined],
])('findFact(%j) is %j', (path, wanted) => {
  expect(findFact(facts, path)).toBe(wanted)
})
