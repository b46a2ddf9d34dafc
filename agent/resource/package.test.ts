import { describe, expect, test } from 'vitest'
import type { PackageParams } from '../../schemas/generated/types.ts'
import type { Dpkg } from '../host/dpkg.ts'
import { type DpkgPackage, parseDpkgStatus } from '../host/dpkg-status.ts'
import type { FileReader } from '../host/file-reader.ts'
import { pkg } from './package.ts'
import { partialHost } from './partial-host.ts'
import type { Wanted } from './resource-type.ts'

const installed: DpkgPackage = {
  name: 'demo',
  architecture: 'all',
  state: 'installed',
  held: false,
  version: '1.0',
  isBase: false,
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
      { params: { held: false }, found: installed, changes: [] },
      { params: { held: true }, found: { ...installed, held: true }, changes: [] },
      { params: { version: '>=0.9 <2' }, found: installed, changes: [] },
      { params: { held: true }, found: installed, changes: ['held: false -> true'] },
      {
        params: { held: true },
        found: absent,
        changes: ['ensure: absent -> present', 'held: false -> true'],
      },
      {
        params: { ensure: 'latest', held: true },
        found: { ...installed, held: true },
        candidate: '1.1',
        changes: ['version: 1.0 -> 1.1'],
      },
      {
        params: { version: '<1', held: false },
        found: { ...installed, held: true },
        changes: ['version: 1.0 -> <1', 'held: true -> false'],
      },
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
    {
      params: { release: 'bookworm-backports' },
      call: 'install demo recommends=false release=bookworm-backports',
    },
    { params: { startServices: false }, call: 'install demo recommends=false startServices=false' },
    { params: { source: '/tmp/demo.deb' }, call: 'install /tmp/demo.deb recommends=false' },
    { params: { name: 'other' }, call: 'install other recommends=false' },
  ])('of $params is "$call"', async ({ params, call }) => {
    const { host, calls } = hostWith('')
    const wanted = wantedOf('demo', params)
    const state = { found: undefined, candidate: null }
    await pkg.apply(host, wanted, state, pkg.diff(wanted, state))
    expect(calls).toEqual([call])
  })

  test('sets a hold after the installation, and releases one that is in the way of a version', async () => {
    const { host, calls } = hostWith('')
    const wanted = wantedOf('demo', { version: '1.1', held: true })
    const state = { found: { ...installed, held: true }, candidate: null }
    await pkg.apply(host, wanted, state, pkg.diff(wanted, state))
    expect(calls).toEqual(['unhold demo', 'install demo=1.1 recommends=false', 'hold demo'])
  })

  test('of a hold alone installs nothing', async () => {
    const { host, calls } = hostWith('')
    const wanted = wantedOf('demo', { held: true })
    const state = { found: installed, candidate: null }
    await pkg.apply(host, wanted, state, pkg.diff(wanted, state))
    expect(calls).toEqual(['hold demo'])
  })

  test('takes the newest version inside a range, and fails where there is none', async () => {
    const { host, calls } = hostWith('', {}, { demo: ['2.0', '1.19-1', '1.0'] })
    const inside = wantedOf('demo', { version: '<=1.19-1' })
    const state = (await pkg.read(host, [inside])).get(inside.id)
    if (state === undefined || state instanceof Error) throw new Error('no state')
    await pkg.apply(host, inside, state, pkg.diff(inside, state))
    expect(calls).toEqual(['install demo=1.19-1 recommends=false'])
    const outside = wantedOf('demo', { version: '>3' })
    const none = { found: undefined, candidate: null }
    await expect(pkg.apply(host, outside, none, pkg.diff(outside, none))).rejects.toThrow(
      'apt knows no version of it in >3',
    )
  })

  test('removes nothing where something else would go too, unless that is allowed', async () => {
    const { host, calls } = hostWith('', {}, {}, ['demo', 'dependent'])
    const state = { found: installed, candidate: null }
    const strict = wantedOf('demo', { ensure: 'absent' })
    await expect(pkg.apply(host, strict, state, pkg.diff(strict, state))).rejects.toThrow(
      'Cannot remove package "demo": "dependent" would be removed too',
    )
    expect(calls).toEqual([])
    const lax = wantedOf('demo', { ensure: 'absent', removeDependents: true })
    await pkg.apply(host, lax, state, pkg.diff(lax, state))
    expect(calls).toEqual(['remove demo'])
  })
})

describe('applyMany()', () => {
  test('is one installation for equal options, one removal, and one for each other set of options', async () => {
    const { host, calls } = hostWith('')
    const steps = [
      wantedOf('a'),
      wantedOf('b', { version: '1.0' }),
      wantedOf('c', { recommends: true }),
      wantedOf('d', { ensure: 'absent' }),
      wantedOf('e', { ensure: 'absent' }),
    ].map((wanted) => {
      const actual = { found: wanted.params.ensure === 'absent' ? installed : undefined, candidate: null }
      return { wanted, actual, changes: pkg.diff(wanted, actual) }
    })
    await pkg.applyMany(host, steps)
    expect(calls).toEqual(['remove d e', 'install a b=1.0 recommends=false', 'install c recommends=true'])
  })
})

function hostWith(
  status: string,
  candidates: Record<string, string | null> = {},
  versions: Record<string, readonly string[]> = {},
  removed: readonly string[] = [],
) {
  const asked: (readonly string[])[] = []
  const calls: string[] = []
  const dpkg: Dpkg = {
    read: () => parseDpkgStatus(status),
    async candidates(names) {
      asked.push(names)
      return new Map(Object.entries(candidates))
    },
    versions: async () => new Map(Object.entries(versions)),
    inFile: async () => ({ name: 'demo', version: '1.0' }),
    removals: async () => removed,
    chosen: async () => [],
    owned: async () => new Set(),
    changedConfigFiles: async () => [],
    refusedSources: async () => undefined,
    fetchLists: async () => undefined,
    refusedPreferences: async () => undefined,
    async hold(names, held) {
      calls.push(`${held ? 'hold' : 'unhold'} ${names.join(' ')}`)
    },
    async preseed(lines) {
      calls.push(`preseed ${lines.join('; ')}`)
    },
    async install(requests, { recommends, release, startServices }) {
      const names = requests.map(
        ({ name, version, path }) => path ?? (version === undefined ? name : `${name}=${version}`),
      )
      const more = [
        ...(release === undefined ? [] : [`release=${release}`]),
        ...(startServices === false ? ['startServices=false'] : []),
      ]
      calls.push(['install', ...names, `recommends=${recommends}`, ...more].join(' '))
    },
    async remove(names) {
      calls.push(`remove ${names.join(' ')}`)
    },
    async purge(names) {
      calls.push(`purge ${names.join(' ')}`)
    },
  }
  // A host whose system is made of dpkg.
  const files = { exists: (path: string) => path === '/var/lib/dpkg/status' } as unknown as FileReader
  return { host: partialHost({ dpkg, files }), asked, calls }
}

function wantedOf(title: string, params: PackageParams = {}): Wanted<PackageParams> {
  return { id: `package:${title}`, title, params, where: 'a.ts:1' }
}
