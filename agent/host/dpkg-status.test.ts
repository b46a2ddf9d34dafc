import { describe, expect, test } from 'vitest'
import { isHalfDone, isInstalled, parseDpkgStatus } from './dpkg-status.ts'

const status = `Package: dpkg
Essential: yes
Status: install ok installed
Priority: required
Section: admin
Installed-Size: 6409
Maintainer: Dpkg Developers <debian-dpkg@lists.debian.org>
Architecture: amd64
Multi-Arch: foreign
Version: 1.21.23
Depends: tar (>= 1.28-1)
Conffiles:
 /etc/alternatives/README 7be88b21f7e386c8d5a8790c2461c92b
 /etc/cron.daily/dpkg 94bb6c1363245e46256908a5d52ba4fb
Description: Debian package management system
 This package provides the low-level infrastructure for handling the
 Version: not a field, but a line of text
Homepage: https://wiki.debian.org/Teams/Dpkg

Package: mawk
Status: install ok installed
Priority: required
Architecture: amd64
Multi-Arch: foreign
Version: 1.3.4.20200120-3.1
Provides: awk
Description: Pattern scanning and text processing language

Package: libc6
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Version: 2.36-9+deb12u14
Description: GNU C Library: Shared libraries

Package: libc6
Status: install ok installed
Architecture: i386
Multi-Arch: same
Version: 2.36-9+deb12u13
Description: GNU C Library: Shared libraries

Package: rk-demo
Status: deinstall ok config-files
Maintainer: T <t@example.org>
Architecture: all
Version: 1.0
Config-Version: 1.0
Conffiles:
 /etc/rk-demo.conf c796fe18aa8f2987f6e5a8bc1b1b52c8
Description: rk-demo

Package: rk-postfail
Status: install ok half-configured
Architecture: all
Version: 1.0
Provides: rk-never (= 1.0)
Description: rk-postfail

Package: mta
Status: hold ok installed
Architecture: all
Version: 2:4.96-15
Provides: mail-transport-agent, default-mta (= 4.96), awk:any
Description: mta
`

describe('parseDpkgStatus()', () => {
  const { packages, providers } = parseDpkgStatus(status)

  test.each([
    { name: 'dpkg', state: 'installed', version: '1.21.23', held: false },
    { name: 'mta', state: 'installed', version: '2:4.96-15', held: true },
    { name: 'mta:amd64', state: 'installed', version: '2:4.96-15', held: true },
    { name: 'rk-demo', state: 'config-files', version: '1.0', held: false },
    { name: 'rk-postfail', state: 'half-configured', version: '1.0', held: false },
    { name: 'libc6', state: 'installed', version: '2.36-9+deb12u14', held: false },
    { name: 'libc6:i386', state: 'installed', version: '2.36-9+deb12u13', held: false },
  ])('finds $name $state at $version', ({ name, ...wanted }) => {
    expect(packages.get(name)).toMatchObject(wanted)
  })

  test('knows nothing of a package that was never there', () => {
    expect(packages.get('nginx')).toBeUndefined()
  })

  test('lists installed packages under the names that they provide', () => {
    expect(providers.get('awk')).toEqual(['mawk', 'mta'])
    expect(providers.get('default-mta')).toEqual(['mta'])
  })

  test('a package that is not installed provides nothing', () => {
    expect(providers.has('rk-never')).toBe(false)
  })

  test('an update that dpkg had not merged yet wins over the file', () => {
    const update = 'Package: rk-demo\nStatus: install ok unpacked\nArchitecture: all\nVersion: 1.1\n'
    expect(parseDpkgStatus(status, update).packages.get('rk-demo')).toMatchObject({
      state: 'unpacked',
      version: '1.1',
    })
  })

  test('refuses a file that was cut off in the middle of a stanza', () => {
    expect(() => parseDpkgStatus(status.slice(0, status.indexOf('mawk') + 4))).toThrow(
      'package "mawk" has the status ""',
    )
  })

  test('an empty file is a host without packages', () => {
    expect(parseDpkgStatus('').packages.size).toBe(0)
  })
})

test.each([
  { state: 'installed', installed: true, halfDone: false },
  { state: 'triggers-pending', installed: true, halfDone: false },
  { state: 'triggers-awaited', installed: true, halfDone: false },
  { state: 'unpacked', installed: false, halfDone: true },
  { state: 'half-configured', installed: false, halfDone: true },
  { state: 'half-installed', installed: false, halfDone: true },
  { state: 'config-files', installed: false, halfDone: false },
  { state: 'not-installed', installed: false, halfDone: false },
] as const)(
  'a package that is $state is installed: $installed, half done: $halfDone',
  ({ state, installed, halfDone }) => {
    const found = { name: 'a', architecture: 'all', state, held: false, version: '1', isBase: false }
    expect(isInstalled(found)).toBe(installed)
    expect(isHalfDone(found)).toBe(halfDone)
  },
)
