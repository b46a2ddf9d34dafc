import { describe, expect, test } from 'vitest'
import type { PackageParams } from '../../schemas/generated/types.ts'
import type { Dpkg } from '../host/dpkg.ts'
import { type DpkgPackage, parseDpkgStatus } from '../host/dpkg-status.ts'
import { pkg } from './package.ts'
import { partialHost } from './partial-host.ts'
import type { Wanted } from './resource-type.ts'

const installed: DpkgPackage = {
  name: 'demo',
  architecture: 'all',
  state: 'installed',
  held: false,
  version: '1.0',
}
const absent = undefined

describe('diff()', () => {
  test.each<{ params: PackageParams; found: DpkgPackage | undefined; candidate?: string; changes: string[] }>(
    [
      { params: {}, found: installed, changes: [] },
      { params: { version: '1.0' }, found: installed, changes: [] },
      { params: { ensure: 'latest' }, found: installed, candidate: '1.0', changes: [] },
      { params: { ensure: 'latest' }, found: { ...installed, held: true }, candidate: '1.1', changes: [] },
      { params: { ensure: 'latest' }, found: installed, changes: [] },
      { params: { ensure: 'absent' }, found: absent, changes: [] },
      { params: { ensure: 'absent' }, found: { ...installed, state: 'config-files' }, changes: [] },
      { params: { ensure: 'absent' }, found: { ...installed, state: 'not-installed' }, changes: [] },
      { params: { ensure: 'purged' }, found: absent, changes: [] },
      { params: {}, found: { ...installed, state: 'triggers-awaited' }, changes: [] },
      { params: {}, found: absent, changes: ['ensure: absent -> present'] },
      { params: { version: '1.1' }, found: absent, changes: ['ensure: absent -> 1.1'] },
      { params: { ensure: 'latest' }, found: absent, candidate: '1.1', changes: ['ensure: absent -> 1.1'] },
      {
        params: {},
        found: { ...installed, state: 'config-files' },
        changes: ['ensure: config-files -> present'],
      },
      {
        params: {},
        found: { ...installed, state: 'half-configured' },
        changes: ['ensure: half-configured -> present'],
      },
      { params: { version: '1.1' }, found: installed, changes: ['version: 1.0 -> 1.1'] },
      { params: { version: '1:1.0' }, found: installed, changes: ['version: 1.0 -> 1:1.0'] },
      { params: { ensure: 'latest' }, found: installed, candidate: '1.1', changes: ['version: 1.0 -> 1.1'] },
      { params: { ensure: 'absent' }, found: installed, changes: ['ensure: 1.0 -> absent'] },
      {
        params: { ensure: 'absent' },
        found: { ...installed, state: 'unpacked' },
        changes: ['ensure: unpacked -> absent'],
      },
      {
        params: { ensure: 'purged' },
        found: { ...installed, state: 'config-files' },
        changes: ['ensure: config-files -> purged'],
      },
    ],
  )(
    'gives $changes for $params when $found.state at $found.version',
    ({ params, found, candidate, changes }) => {
      const differences = pkg.diff(wantedOf('demo', params), { found, candidate: candidate ?? null })
      expect(differences.map(({ property, from, to }) => `${property}: ${from} -> ${to}`)).toEqual(changes)
    },
  )
})

describe('read()', () => {
  const status = `Package: mawk
Status: install ok installed
Architecture: amd64
Version: 1.3.4
Provides: awk, foo
`

  test('asks apt nothing when no resource needs a candidate', async () => {
    const { host, asked } = hostWith(status)
    await pkg.read(host, [wantedOf('mawk'), wantedOf('nginx'), wantedOf('awk', { ensure: 'absent' })])
    expect(asked).toEqual([[]])
  })

  test('takes the package that provides a virtual name, and its candidate', async () => {
    const { host } = hostWith(status, { awk: null, mawk: '1.3.5' })
    const reading = await pkg.read(host, [wantedOf('awk', { ensure: 'latest' })])
    expect(reading.get('package:awk')).toMatchObject({ found: { name: 'mawk' }, candidate: '1.3.5' })
  })

  test('takes no provider for a name that is a package itself', async () => {
    const { host } = hostWith(status, { foo: '2.0', mawk: '1.3.4' })
    const reading = await pkg.read(host, [wantedOf('foo')])
    expect(reading.get('package:foo')).toMatchObject({ found: undefined })
  })

  test('takes no provider where the package is to be absent, or of one version', async () => {
    const { host } = hostWith(status, { awk: null, mawk: '1.3.4' })
    for (const params of [{ ensure: 'absent' }, { version: '1.3.4' }] as const) {
      const reading = await pkg.read(host, [wantedOf('awk', params)])
      expect(reading.get('package:awk')).toMatchObject({ found: undefined })
    }
  })

  test.each(['nginx-', 'nginx/stable', 'nginx=1.0', '-y', 'Nginx', '?installed', 'a b', ''])(
    'refuses "%s", which apt would not take for a name, and still reads the others',
    async (title) => {
      const { host, asked } = hostWith(status)
      const reading = await pkg.read(host, [wantedOf(title, { ensure: 'latest' }), wantedOf('mawk')])
      expect(reading.get(`package:${title}`)).toMatchObject({ code: 'resource-unreadable' })
      expect(reading.get('package:mawk')).toMatchObject({ found: { version: '1.3.4' } })
      expect(asked).toEqual([[]])
    },
  )
})

describe('apply()', () => {
  test.each<{ params: PackageParams; call: string }>([
    { params: {}, call: 'install demo recommends=false' },
    { params: { version: '1.0', recommends: true }, call: 'install demo=1.0 recommends=true' },
    { params: { ensure: 'latest' }, call: 'install demo recommends=false' },
    { params: { ensure: 'absent' }, call: 'remove demo' },
    { params: { ensure: 'purged' }, call: 'purge demo' },
  ])('of $params is "$call"', async ({ params, call }) => {
    const { host, calls } = hostWith('')
    await pkg.apply(host, wantedOf('demo', params), { found: undefined, candidate: null })
    expect(calls).toEqual([call])
  })
})

function hostWith(status: string, candidates: Record<string, string | null> = {}) {
  const asked: (readonly string[])[] = []
  const calls: string[] = []
  const dpkg: Dpkg = {
    read: () => parseDpkgStatus(status),
    async candidates(names) {
      asked.push(names)
      return new Map(Object.entries(candidates))
    },
    async install(requests, { recommends }) {
      const names = requests.map(({ name, version }) => (version === undefined ? name : `${name}=${version}`))
      calls.push(`install ${names.join(' ')} recommends=${recommends}`)
    },
    async remove(names) {
      calls.push(`remove ${names.join(' ')}`)
    },
    async purge(names) {
      calls.push(`purge ${names.join(' ')}`)
    },
  }
  return { host: partialHost({ dpkg }), asked, calls }
}

function wantedOf(title: string, params: PackageParams = {}): Wanted<PackageParams> {
  return { id: `package:${title}`, title, params, where: 'a.ts:1' }
}
