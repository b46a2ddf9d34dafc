/** apt_source, apt_key and apt_pin on a real host, with a repository that is signed. */
import { existsSync, mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readPublicKeys } from '../../../schemas/openpgp-key.ts'
import { makePackages, makeSigningKey, serveRepository, signRelease } from '../../lab/apt-repository.ts'
import { createLab, type Lab } from '../../lab/lab.ts'
import { canRunHosts } from '../../lab/prerequisites.ts'
import { checkCase } from '../converge-case.ts'
import { bootHost, type OnHost } from '../on-host.ts'

const prerequisites = canRunHosts()
const hasGpg = existsSync('/usr/bin/gpg')
const reason = prerequisites.ok ? 'there is no gpg to sign with' : prerequisites.reason
const canRun = prerequisites.ok && hasGpg
const port = 8182

describe.skipIf(!canRun)(`apt sources${canRun ? '' : `: skipped: ${reason}`}`, () => {
  let lab: Lab
  let host: OnHost
  let server: Server
  let key: string
  let otherKey: string
  beforeAll(async () => {
    lab = await createLab({ name: 'source', log: console.log })
    const dir = join(lab.dataDir, 'repository')
    const [main, back] = [join(dir, 'main'), join(dir, 'back')]
    for (const folder of [main, back]) mkdirSync(folder, { recursive: true })
    await makePackages(lab.repositoryDir, [{ name: 'rk-back', version: '1.0' }])
    await makePackages(back, [{ name: 'rk-back', version: '2.0' }])
    await makePackages(main, [
      { name: 'rk-signed', version: '1.0' },
      { name: 'rk-pinned', version: '1.0' },
      { name: 'rk-pinned', version: '2.0' },
    ])
    const keyDir = join(lab.dataDir, 'gpg')
    key = await makeSigningKey(keyDir)
    otherKey = await makeSigningKey(join(lab.dataDir, 'gpg-other'))
    await signRelease({ dir: main, codename: 'rk', keyDir })
    await signRelease({ dir: back, codename: 'rk-backports', keyDir, isBackports: true })
    server = await serveRepository(dir, lab.address, port)
    host = await bootHost(lab, 'source-1')
  })
  afterAll(async () => {
    server?.closeAllConnections()
    server?.close()
    await lab.close()
  })

  const shell = (script: string) => ['sh', '-c', script]
  const output = (script: string) => host.output(shell(script))
  const uris = (name = 'main') => `http://${lab.address}:${port}/${name}/`
  const aptKey = (content = key, more = {}) => host.resource('apt_key:rk', { content, ...more })
  const aptSource = (more: Record<string, unknown> = {}) =>
    host.resource('apt_source:rk', { uris: uris(), suites: './', key: 'rk', ...more })
  const pkg = (name: string, params = {}) => host.resource(`package:${name}`, params)
  const file = '/etc/apt/sources.list.d/rk.sources'
  const errorOf = async (...resources: readonly ReturnType<typeof pkg>[]) => {
    const { code, report } = await host.apply(resources)
    expect(code, JSON.stringify(report)).toBe(4)
    return report.resources.find(({ outcome }) => outcome === 'failed')?.error
  }

  it('a key, its source and a package of it converge in one run', async () => {
    const { report } = await host.apply([aptKey(), aptSource(), pkg('rk-signed')])
    expect(report.resources.map(({ outcome }) => outcome)).toEqual(['changed', 'changed', 'changed'])
    expect(await output('dpkg-query -W -f=\\${Version} rk-signed')).toBe('1.0')
    expect(await output(`cat ${file}; ls /run | grep -c rekindle-apt || true`)).toBe(
      `Types: deb\nURIs: ${uris()}\nSuites: ./\nSigned-By: /etc/apt/keyrings/rk.gpg\n0\n`,
    )
    expect((await host.apply([aptKey(), aptSource(), pkg('rk-signed')])).code).toBe(0)
  })

  it.each([
    { title: 'another suite', drift: `sed -i s,./,nope/, ${file}`, property: 'content' },
    { title: 'gone', drift: `rm ${file}`, property: 'ensure' },
    { title: 'a mode that apt cannot read', drift: `chmod 600 ${file}`, property: 'mode' },
    {
      title: 'a file of the older format beside it',
      drift: `echo "deb ${'http://192.0.2.1/'} ./" > /etc/apt/sources.list.d/rk.list`,
      property: 'older',
    },
  ])('source: $title: seen, left, corrected', ({ title, drift, property }) =>
    checkCase(host, {
      title,
      resources: () => [aptKey(), aptSource()],
      drift: shell(drift),
      shows: ['apt_source:rk', property],
      look: shell('cd /etc/apt/sources.list.d; stat -c "%n %a" *; apt-get indextargets >/dev/null'),
      seen: 'rk.sources 644\n',
    }),
  )

  it.each([
    { title: 'another key', drift: 'printf x > /etc/apt/keyrings/rk.gpg', property: 'content' },
    { title: 'gone', drift: 'rm /etc/apt/keyrings/rk.gpg', property: 'ensure' },
    { title: 'writable for others', drift: 'chmod 666 /etc/apt/keyrings/rk.gpg', property: 'mode' },
  ])('key: $title: seen, left, corrected', ({ title, drift, property }) =>
    checkCase(host, {
      title,
      resources: () => [aptKey()],
      drift: shell(drift),
      shows: ['apt_key:rk', property],
      look: shell('stat -c "%n %a %U" /etc/apt/keyrings/*; apt-get update 2>&1 | grep -c "^[WE]:" || true'),
      seen: '/etc/apt/keyrings/rk.gpg 644 root\n0\n',
    }),
  )

  it('takes a key as bytes, and refuses one with another fingerprint than asked for', async () => {
    const { fingerprints } = readPublicKeys(Buffer.from(key))
    const [print = ''] = fingerprints
    expect((await host.apply([aptKey(key, { fingerprint: print.toLowerCase() })])).code).toBe(0)
    const error = await errorOf(aptKey(otherKey, { fingerprint: print }))
    expect(error?.message).toContain('which "fingerprint" does not name')
    expect((await errorOf(aptKey('<html>404</html>')))?.message).toContain('BEGIN PGP PUBLIC KEY BLOCK')
    expect((await host.apply([aptKey()])).code).toBe(0)
  })

  it('a source whose key is another, that nobody serves, or that is misspelt is not moved in', async () => {
    const before = await output(`cat ${file}`)
    await host.apply([host.resource('apt_key:other', { content: otherKey })])
    const wrongKey = await errorOf(aptSource({ key: 'other' }))
    expect(wrongKey).toMatchObject({ code: 'validate-failed', kept: 'what stood there before' })
    expect(wrongKey?.message).toMatch(/NO_PUBKEY|not signed/)
    const gone = await errorOf(aptSource({ uris: `http://${lab.address}:1/` }))
    expect(gone?.message).toContain('Failed to fetch')
    const misspelt = await errorOf(aptSource({ options: { 'Check-Date': 'no' }, suites: 'rk' }))
    expect(misspelt?.message).toMatch(/Malformed entry/)
    expect(await output(`cat ${file}`)).toBe(before)
    await host.apply([host.resource('apt_key:other', { ensure: 'absent' })])
    expect((await host.apply([aptSource()])).code).toBe(0)
  })

  it('a source that contradicts another of the host, which would stop all of apt, is refused', async () => {
    const twin = { uris: uris(), suites: './', trusted: true, signedBy: '/etc/apt/keyrings/none.gpg' }
    const error = await errorOf(host.resource('apt_source:twin', twin))
    expect(error?.message).toContain('Conflicting values')
    expect(error?.hint).toContain('Another file names the same source')
    expect(await output('ls /etc/apt/sources.list.d; apt-get check -qq')).toBe('rk.sources\n')
  })

  it('waits for the lock of the lists, which apt itself does not', async () => {
    await output(`rm ${file}`)
    host.prepareCatalog([aptSource()])
    // It stands for Debian's timer, which fetches lists twice a day.
    await output(`cat > /root/lock.py <<'END'
import fcntl, time
lock = open('/var/lib/apt/lists/lock', 'w')
fcntl.lockf(lock, fcntl.LOCK_EX)
open('/root/locked', 'w')
time.sleep(3)
END
command -v python3 || apt-get install -y -qq python3-minimal > /dev/null 2>&1
python3 /root/lock.py > /dev/null 2>&1 & until [ -e /root/locked ]; do :; done`)
    expect((await host.run(host.applyCommand)).code).toBe(2)
  })

  it('a pin is read by apt, seen broken, corrected, and holds a version back', async () => {
    const resources = () => [
      aptKey(),
      aptSource(),
      host.resource('apt_pin:rk', { packages: ['rk-pinned'], pin: 'version 1.*', priority: 1001 }),
      pkg('rk-pinned', { ensure: 'latest' }),
    ]
    await output('apt-get install -y -qq rk-pinned=2.0')
    await checkCase(host, {
      title: 'pin',
      resources,
      drift: shell('sed -i s/1001/1/ /etc/apt/preferences.d/rk.pref'),
      shows: ['apt_pin:rk', 'content'],
      look: shell('dpkg-query -W -f="\\${Version} " rk-pinned; cat /etc/apt/preferences.d/rk.pref'),
      seen: '1.0 Package: rk-pinned\nPin: version 1.*\nPin-Priority: 1001\n',
    })
    const wrong = host.resource('apt_pin:rk', { packages: ['*'], pin: 'version 1.*', priority: 5 })
    expect((await errorOf(wrong))?.message).toContain('Did not understand pin type')
    expect((await host.apply(resources())).code).toBe(0)
  })

  it('a package comes from the release that is named, and stays with it', async () => {
    const backports = host.resource('apt_source:back', { uris: uris('back'), suites: './', key: 'rk' })
    const named = pkg('rk-back', { ensure: 'latest', release: 'rk-backports' })
    expect((await host.apply([aptKey(), backports, pkg('rk-back')])).code).toBe(2)
    expect(await output('dpkg-query -W -f=\\${Version} rk-back')).toBe('1.0')
    expect((await host.apply([backports, pkg('rk-back', { ensure: 'latest' })])).code).toBe(0)
    expect((await host.apply([backports, named])).code).toBe(2)
    expect(await output('dpkg-query -W -f=\\${Version} rk-back')).toBe('2.0')
    expect((await host.apply([backports, named])).code).toBe(0)
    await host.apply([host.resource('apt_source:back', { ensure: 'absent' })])
  })

  it('inspect gives what changes nothing, and a role of it is short', async () => {
    await output(
      'echo "deb [trusted=yes arch=amd64] http://192.0.2.1/ ./" > /etc/apt/sources.list.d/old.list',
    )
    const sources = await output('rekindle inspect apt_source')
    expect(sources).toContain(`aptSource('rk', {`)
    expect(sources).toContain("signedBy: '/etc/apt/keyrings/rk.gpg'")
    expect(sources).toMatch(/aptSource\('old', \{[^}]*architectures: \['amd64'\]/)
    expect(await output('rekindle inspect apt_key rk')).toContain('BEGIN PGP PUBLIC KEY BLOCK')
    expect(await output('rekindle inspect apt_pin')).toContain("pin: 'version 1.*'")
    await output('rm /etc/apt/sources.list.d/old.list')
  })

  it('a purge names undeclared sources in a plan, then takes them: of either format, odd names, links', async () => {
    await output(`cd /etc/apt/sources.list.d; line='deb http://192.0.2.1/ ./'
      for name in a _e kept; do echo "$line" > $name.list; done; cp ${file} b.sources
      printf '%b\\n' "# f\\0374r\\n$line" > d.list; echo '# none' > old.list
      echo linked > /srv/linked; ln -s /srv/linked c.sources`)
    const purge = host.resource('purge:apt_source', { declared: ['rk'], keep: ['kept'] })
    const list = () => output('ls /etc/apt/sources.list.d | sort | tr "\\n" " "')
    const before = await list()
    const planned = await host.apply([aptSource(), purge], { noop: true })
    expect(planned.report.resources.map(({ id, changes }) => [id, changes])).toEqual([
      [
        'purge:apt_source',
        ['_e', 'a', 'b', 'c', 'd'].map((property) => ({ property, from: 'present', to: 'absent' })),
      ],
    ])
    expect(await list()).toBe(before)
    expect((await host.apply([aptSource(), purge])).code).toBe(2)
    expect(await list()).toBe('kept.list old.list rk.sources ')
    expect(await output('cat /srv/linked')).toBe('linked\n')
    expect((await host.apply([aptSource(), purge])).code).toBe(0)
    await output('cd /etc/apt/sources.list.d; rm kept.list old.list')
  })

  it('a purge names undeclared keys and pins in a plan, then takes them, and never a file of a package', async () => {
    await output(`cd /etc/apt/keyrings; cp rk.gpg undeclared.gpg; echo text > odd.asc; cp rk.gpg kept.gpg
      cd /etc/apt/preferences.d; cp rk.pref a.b.pref; cp rk.pref older
      printf 'Package: a\\nPin: version 1\\nPin-Priority: 5\\n\\nPackage: b\\nPin: version 1\\nPin-Priority: 5\\n' > two.pref
      mkdir -p /root/own/DEBIAN /root/own/etc/apt/keyrings /root/own/etc/apt/preferences.d; cd /root/own
      cp /etc/apt/keyrings/rk.gpg etc/apt/keyrings/brought.gpg; cp /etc/apt/preferences.d/rk.pref etc/apt/preferences.d/brought.pref
      printf 'Package: rk-own\\nVersion: 1\\nArchitecture: all\\nMaintainer: x <x@example.org>\\nDescription: x\\n' > DEBIAN/control
      dpkg-deb --build /root/own /root/own.deb > /dev/null; dpkg -i /root/own.deb > /dev/null`)
    const all = [
      ...[aptKey(), aptSource()],
      host.resource('apt_pin:rk', { packages: ['rk-pinned'], pin: 'version 1.*', priority: 1001 }),
      host.resource('purge:apt_key', { declared: ['rk'], keep: ['kept'] }),
      host.resource('purge:apt_pin', { declared: ['rk'] }),
    ]
    const list = () => output('cd /etc/apt; ls keyrings preferences.d | tr -s "\\n" " "')
    const before = await list()
    const planned = await host.apply(all, { noop: true })
    const gone = planned.report.resources.map(({ id, changes }) => [
      id,
      changes.map(({ property }) => property),
    ])
    expect(gone).toEqual([
      ['purge:apt_key', ['odd', 'undeclared']],
      ['purge:apt_pin', ['a.b', 'older', 'two']],
    ])
    expect(await list()).toBe(before)
    expect((await host.apply(all)).code).toBe(2)
    expect(await list()).toBe('keyrings: brought.gpg kept.gpg rk.gpg preferences.d: brought.pref rk.pref ')
    expect((await host.apply(all)).code).toBe(0)
    await output('rm /etc/apt/keyrings/kept.gpg; dpkg -P rk-own > /dev/null')
  })

  it('all of it is taken away again', async () => {
    const gone = ['apt_source:rk', 'apt_key:rk', 'apt_pin:rk'].map((id) =>
      host.resource(id, { ensure: 'absent' }),
    )
    expect((await host.apply(gone)).code).toBe(2)
    expect(
      await output('find /etc/apt/sources.list.d /etc/apt/keyrings /etc/apt/preferences.d -type f'),
    ).toBe('')
    expect((await host.apply(gone)).code).toBe(0)
  })
})
