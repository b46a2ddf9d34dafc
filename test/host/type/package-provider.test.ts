/**
 * The package managers besides apt, for real: dnf and rpm with packages that the host builds, pip with wheels, gem with
 * gems. P rows are Puppet's behaviours that people rely on.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createExec, type Exec } from '../../../agent/host/exec.ts'
import { createFileReader, type FileReader } from '../../../agent/host/file-reader.ts'
import type { Host } from '../../../agent/host/host.ts'
import {
  dnfProvider,
  holdByDnf,
  installByDnf,
  readDnfVersions,
  removeByDnf,
} from '../../../agent/resource/package/dnf.ts'
import {
  gemProvider,
  installByGem,
  readGems,
  readGemVersions,
  removeByGem,
} from '../../../agent/resource/package/gem.ts'
import {
  installByPip,
  pipProvider,
  readPipCandidates,
  readPipPackages,
  readPipVersions,
  removeByPip,
} from '../../../agent/resource/package/pip.ts'
import { installByRpm, readRpmFile, removeByRpm, rpmProvider } from '../../../agent/resource/package/rpm.ts'
import { readRpmDatabase } from '../../../agent/resource/package/rpm-database.ts'
import { isRpmVersion } from '../../../agent/resource/package/rpm-version.ts'
import type { ToolPlace, ToolProvider } from '../../../agent/resource/package/tool-provider.ts'
import { zypperProvider } from '../../../agent/resource/package/zypper.ts'
import { partialHost } from '../../../agent/resource/partial-host.ts'
import { leaderOf } from '../../../server/machine/nspawn/driver.ts'
import { createLab, type Lab } from '../../lab/lab.ts'
import { canRunHosts } from '../../lab/prerequisites.ts'
import { bootHost, type OnHost } from '../on-host.ts'

const hosts = canRunHosts()

describe.skipIf(!hosts.ok)(
  `package providers on a real host${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`,
  () => {
    let lab: Lab
    let machine: OnHost
    let host: Host
    let bare: readonly (string | undefined)[]
    beforeAll(async () => {
      lab = await createLab({ name: 'packages', log: console.log })
      machine = await bootHost(lab, 'packages-1')
      host = hostInside(lab, 'packages-1')
      bare = unusableOn(host)
      const packages = ['dnf', 'rpm', 'createrepo-c', 'python3-pip', 'ruby']
      await machine.output(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages])
      await machine.output(['sh', '-euc', buildSamples])
      await machine.output([
        'systemd-run',
        '--quiet',
        '--unit=gems',
        '--property=Type=exec',
        ...['python3', '-m', 'http.server', '--bind=127.0.0.1', '--directory=/root/gems', '8808'],
      ])
      const connect = 'import socket; socket.create_connection(("127.0.0.1", 8808))'
      await vi.waitFor(() => machine.output(['python3', '-c', connect]), { timeout: 10_000 })
    })
    afterAll(() => lab.close())

    /** The newest version of each name, without the keys by architecture. */
    async function rpms(): Promise<Readonly<Record<string, string | undefined>>> {
      const found = await readRpmDatabase(host)
      return Object.fromEntries(
        [...found].filter(([name]) => !name.endsWith('.noarch')).map(([name, [version]]) => [name, version]),
      )
    }

    it('a provider whose program is not there says which, and which package brings it (P15)', () => {
      expect(bare).toEqual([
        'there is no dnf on this host; the package dnf brings it',
        'there is no rpm on this host; the package rpm brings it',
        'there is no pip3 on this host; the package python3-pip brings it',
        'there is no gem on this host; the package ruby brings it',
        'there is no zypper on this host; the package zypper brings it',
      ])
      expect(unusableOn(host).slice(0, 4)).toEqual([undefined, undefined, undefined, undefined])
    })

    describe.each<readonly [ToolProvider, ToolPlace, Readonly<Record<'old' | 'new', string>>]>([
      [dnfProvider, {}, { old: '1:1.0-1.noarch', new: '1:1.1-1.noarch' }],
      [
        pipProvider,
        { options: ['--no-index', '--find-links=/root/wheels', '--break-system-packages'] },
        { old: '1.0', new: '1.1' },
      ],
      [
        gemProvider,
        { options: ['--clear-sources', '--source', 'http://127.0.0.1:8808/'] },
        { old: '1.0', new: '1.1' },
      ],
    ])('$name as every provider', (provider, place, version) => {
      const query = { ...place, names: ['guid', 'no-such'], latest: ['guid', 'no-such'], listed: ['guid'] }

      it('reads in bulk what is there and what could be, of a name that nobody has too', async () => {
        await provider.install(host, [{ name: 'guid', version: version.old }], place)
        const found = await provider.read(host, query)
        expect([...found.values()]).toEqual([
          {
            name: 'guid',
            installed: [version.old],
            held: false,
            candidate: version.new,
            available: [version.new, version.old],
          },
          { name: 'no-such', installed: [], held: false, candidate: undefined, available: [] },
        ])
        expect(provider.isVersion(version.old, version.old)).toBe(true)
        expect(provider.compareVersions(version.old, version.new)).toBeLessThan(0)
      })

      it('asks for nothing that nobody wants to know', async () => {
        const found = await provider.read(host, { ...place, names: ['guid'], latest: [], listed: [] })
        expect(found.get('guid')).toMatchObject({
          installed: [version.old],
          candidate: undefined,
          available: [],
        })
      })

      it('goes up to its candidate, and is gone after a removal', async () => {
        await provider.install(host, [{ name: 'guid', version: version.new }], place)
        expect((await provider.read(host, query)).get('guid')?.installed[0]).toBe(version.new)
        await provider.remove(host, ['guid'], { ...place, purge: false })
        expect((await provider.read(host, query)).get('guid')?.installed).toEqual([])
      })
    })

    describe('dnf', () => {
      it('one call installs an exact version and a candidate, both spellings of the version are in sync (P2, P5)', async () => {
        await installByDnf(host, [{ name: 'guid', version: '1:1.0-1.noarch' }, { name: 'sample' }])
        const found = await rpms()
        expect(found).toEqual({ guid: '1:1.0-1.noarch', sample: '3-1.noarch' })
        for (const spelling of ['1:1.0-1.noarch', '1:1.0-1', '1.0-1', '1.0']) {
          expect(isRpmVersion(found.guid ?? '', spelling)).toBe(true)
        }
      })

      it('a version goes up and down, also without its epoch', async () => {
        await installByDnf(host, [
          { name: 'guid', version: '1.1-1' },
          { name: 'sample', version: '1-1' },
        ])
        expect(await rpms()).toEqual({ guid: '1:1.1-1.noarch', sample: '1-1.noarch' })
        await installByDnf(host, [{ name: 'guid', version: '1:1.0-1' }])
        expect((await rpms()).guid).toBe('1:1.0-1.noarch')
      })

      it('one question tells all versions that could be installed, newest first', async () => {
        const found = await readDnfVersions(host, ['guid', 'sample', 'no-such'])
        expect(found.get('guid')).toEqual(['1:1.1-1.noarch', '1:1.0-1.noarch'])
        expect(found.get('sample')).toEqual(['3-1.noarch', '2-1.noarch', '1-1.noarch'])
        expect(found.has('no-such')).toBe(false)
      })

      it('tells what a range is chosen from, in the order of rpm: 1.19 is below 2.0 and above 1.2 (P6)', async () => {
        const query = { names: ['ranged'], latest: [], listed: ['ranged'] }
        const available = (await dnfProvider.read(host, query)).get('ranged')?.available ?? []
        expect(available).toEqual(['2.0-1.noarch', '1.19-1.noarch', '1.2-1.noarch'])
        const order = (version: string) => dnfProvider.compareVersions(version, '1.19-1')
        for (const inside of [(at: number) => at <= 0, (at: number) => at > 0]) {
          const version = available.find((one) => inside(order(one)))
          await installByDnf(host, [{ name: 'ranged', version }])
          expect((await rpms()).ranged).toBe(version)
        }
        expect((await rpms()).ranged).toBe('2.0-1.noarch')
        await removeByDnf(host, ['ranged'])
      })

      it('a version that is not there fails in the words of dnf, and nothing of the call is done (P3)', async () => {
        const wishes = [{ name: 'guid', version: '9.9' }, { name: 'ranged' }]
        await expect(installByDnf(host, wishes)).rejects.toMatchObject({
          code: 'apply-failed',
          message:
            'Cannot install "guid", "ranged": dnf exits 1 and answers "Error: Unable to find a match: guid-9.9"',
        })
        expect(await rpms()).toEqual({ guid: '1:1.0-1.noarch', sample: '1-1.noarch' })
      })

      it('what the repository has got since dnf last looked is found', async () => {
        await machine.output(['sh', '-euc', `${rpmFunction}\nmkrpm late '' 1\ncreaterepo_c -q /root/rpms`])
        await installByDnf(host, [{ name: 'late', version: '1-1' }])
        expect((await rpms()).late).toBe('1-1.noarch')
      })

      it('a hold without the versionlock plugin says which package brings it', async () => {
        await expect(holdByDnf(host, ['guid'], true)).rejects.toMatchObject({
          hint: 'The package python3-dnf-plugin-versionlock brings dnf versionlock',
        })
      })

      it('one call removes several', async () => {
        await removeByDnf(host, ['guid', 'sample', 'late'])
        expect(await rpms()).toEqual({})
      })
    })

    describe('rpm', () => {
      const file = (version: string) => `/root/rpms/noarch/guid-${version}-1.noarch.rpm`

      it('a file says what is in it, and is installed in place of what is there, higher or lower', async () => {
        for (const version of ['1.1', '1.0']) {
          expect(await readRpmFile(host, file(version))).toMatchObject({
            name: 'guid',
            version: `1:${version}-1.noarch`,
          })
          await installByRpm(host, [{ name: 'guid', source: file(version) }])
          expect((await rpms()).guid).toBe(`1:${version}-1.noarch`)
        }
        const sources = new Map([['guid', file('1.1')]])
        const found = await rpmProvider.read(host, { names: ['guid'], latest: ['guid'], listed: [], sources })
        expect(found.get('guid')).toMatchObject({
          installed: ['1:1.0-1.noarch'],
          candidate: '1:1.1-1.noarch',
        })
        await removeByRpm(host, ['guid'])
        expect(await rpms()).toEqual({})
      })

      it('a file that is not there fails in the words of rpm', async () => {
        await expect(installByRpm(host, [{ name: 'guid', source: '/no-such.rpm' }])).rejects.toMatchObject({
          message: expect.stringContaining('open of /no-such.rpm failed: No such file or directory'),
        })
      })
    })

    describe('pip', () => {
      const local = ['--no-index', '--find-links=/root/wheels']
      const system = { command: 'pip3', options: [...local, '--break-system-packages'] }

      it('a Python that the system manages refuses, and the error says what to do', async () => {
        const wish = { name: 'guid', version: '1.0' }
        await expect(installByPip(host, { command: 'pip3', options: local }, [wish])).rejects.toMatchObject({
          message: expect.stringContaining('externally-managed-environment'),
          hint: expect.stringMatching(/target.*--break-system-packages in installOptions/),
        })
        expect((await readPipPackages(host, system)).has('guid')).toBe(false)
      })

      it('versions go up and down, candidates are told for several at once, also past one that nobody has', async () => {
        await installByPip(host, system, [{ name: 'guid', version: '1.0' }, { name: 'Some.Thing' }])
        const found = await readPipPackages(host, system)
        expect([found.get('guid'), found.get('some-thing')]).toEqual(['1.0', '2.0'])
        expect([...(await readPipCandidates(host, system, ['guid', 'no-such', 'Some.Thing']))]).toEqual([
          ['guid', '1.1'],
          ['some-thing', '2.0'],
        ])
        expect(await readPipVersions(host, system, 'guid')).toEqual(['1.1', '1.0'])
        for (const version of ['1.1', '1.0']) {
          await installByPip(host, system, [{ name: 'guid', version }])
          expect((await readPipPackages(host, system)).get('guid')).toBe(version)
        }
        await removeByPip(host, system, ['guid', 'some-thing'])
        expect((await readPipPackages(host, system)).has('guid')).toBe(false)
      })

      it('what the system installed is left to the system, and that is a failure', async () => {
        await expect(removeByPip(host, system, ['wheel'])).rejects.toMatchObject({
          message: expect.stringContaining('Not uninstalling wheel'),
        })
      })

      it('a virtual environment has packages of its own, and none before it is there', async () => {
        const place = { command: 'pip3', target: '/opt/venv', options: local }
        expect([...(await readPipPackages(host, place))]).toEqual([])
        await expect(installByPip(host, place, [{ name: 'guid' }])).rejects.toMatchObject({
          message: 'Cannot install "guid": "/opt/venv" is not a virtual environment of Python',
        })
        await machine.output(['python3', '-m', 'venv', '--without-pip', '/opt/venv'])
        for (const version of ['1.0', '1.1']) {
          await installByPip(host, place, [{ name: 'guid', version }])
          expect([...(await readPipPackages(host, place))]).toEqual([['guid', version]])
        }
        expect((await readPipPackages(host, system)).has('guid')).toBe(false)
        await removeByPip(host, place, ['guid'])
        expect([...(await readPipPackages(host, place))]).toEqual([])
      })
    })

    describe('gem', () => {
      const gem = 'gem'

      it('versions live side by side, and a removal takes all of them', async () => {
        for (const version of ['1.0', '1.1']) {
          await installByGem(
            host,
            gem,
            [{ name: 'guid', source: `/root/gems/guid-${version}.gem` }],
            ['--local'],
          )
        }
        expect((await readGems(host, gem)).get('guid')).toEqual(['1.1', '1.0'])
        await removeByGem(host, gem, ['guid'])
        expect((await readGems(host, gem)).has('guid')).toBe(false)
      })

      it('an exact version comes from a source, which tells all that it has', async () => {
        const source = ['--clear-sources', '--source', 'http://127.0.0.1:8808/']
        expect([...(await readGemVersions(host, gem, ['guid', 'no-such'], source))]).toEqual([
          ['guid', ['1.1', '1.0']],
        ])
        await installByGem(host, gem, [{ name: 'guid', version: '1.0' }], source)
        expect((await readGems(host, gem)).get('guid')).toEqual(['1.0'])
        await expect(installByGem(host, gem, [{ name: 'guid', version: '9' }], source)).rejects.toMatchObject(
          {
            message: expect.stringContaining("Could not find a valid gem 'guid' (= 9)"),
          },
        )
        await removeByGem(host, gem, ['guid'])
      })

      it('what came with Ruby stays, and that is a failure', async () => {
        await expect(removeByGem(host, gem, ['json'])).rejects.toMatchObject({
          message: expect.stringContaining('cannot be uninstalled because it is a default gem'),
        })
      })
    })

    it('the same name under two providers is two packages (P12)', async () => {
      await installByDnf(host, [{ name: 'guid', version: '1.1' }])
      await installByGem(host, 'gem', [{ name: 'guid', source: '/root/gems/guid-1.0.gem' }], ['--local'])
      expect([(await rpms()).guid, (await readGems(host, 'gem')).get('guid')]).toEqual([
        '1:1.1-1.noarch',
        ['1.0'],
      ])
      await removeByGem(host, 'gem', ['guid'])
      expect((await rpms()).guid).toBe('1:1.1-1.noarch')
      await removeByDnf(host, ['guid'])
    })
  },
)

function unusableOn(host: Host): readonly (string | undefined)[] {
  const providers = [dnfProvider, rpmProvider, pipProvider, gemProvider, zypperProvider]
  return providers.map((provider) => provider.unusable(host, {}))
}

/** The agent's ports, with the programs of the machine and its files. */
function hostInside(lab: Lab, machine: string): Host {
  const exec = createExec()
  const files = createFileReader()
  const root = join(lab.settings.dir, machine, 'root')
  const inside: Exec = {
    run: (argv, options) =>
      exec.run(['nsenter', '-t', String(leaderOf(lab.settings.dir, machine)), '-a', ...argv], options),
  }
  const reader: Pick<FileReader, 'exists' | 'read' | 'realPath'> = {
    exists: (path) => files.exists(join(root, path)) || files.stat(join(root, path)) !== undefined,
    read: (path) => files.read(join(root, path)),
    realPath: (path) => path,
  }
  return partialHost({ exec: inside, files: reader as FileReader })
}

const rpmFunction = `
mkrpm() {
  { echo "Name: $1"; test -z "$2" || echo "Epoch: $2"; echo "Version: $3"
    printf 'Release: 1\\nSummary: sample\\nLicense: MIT\\nBuildArch: noarch\\n%%description\\nsample\\n%%files\\n'; } > /tmp/p.spec
  rpmbuild -bb --quiet --define '_rpmdir /root/rpms' /tmp/p.spec
}`

const buildSamples = `${rpmFunction}
mkrpm guid 1 1.0; mkrpm guid 1 1.1
mkrpm sample '' 1; mkrpm sample '' 2; mkrpm sample '' 3
mkrpm ranged '' 1.2; mkrpm ranged '' 1.19; mkrpm ranged '' 2.0
createrepo_c -q /root/rpms
mkdir -p /etc/yum.repos.d
printf '[samples]\\nname=samples\\nbaseurl=file:///root/rpms\\ngpgcheck=0\\n' > /etc/yum.repos.d/samples.repo

mkwheel() {
  rm -rf /tmp/wheel; mkdir -p "/tmp/wheel/$1-$2.dist-info"; cd /tmp/wheel
  echo > "$1.py"
  printf 'Metadata-Version: 2.1\\nName: %s\\nVersion: %s\\n' "$1" "$2" > "$1-$2.dist-info/METADATA"
  printf 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n' > "$1-$2.dist-info/WHEEL"
  for file in "$1.py" "$1-$2.dist-info"/METADATA "$1-$2.dist-info"/WHEEL "$1-$2.dist-info"/RECORD; do echo "$file,,"; done > record
  mv record "$1-$2.dist-info/RECORD"
  python3 -m zipfile -c "/root/wheels/$1-$2-py3-none-any.whl" "$1.py" "$1-$2.dist-info"
}
mkdir -p /root/wheels; mkwheel guid 1.0; mkwheel guid 1.1; mkwheel some_thing 2.0

mkdir -p /root/gems/gems; cd /root/gems
for version in 1.0 1.1; do
  printf 'Gem::Specification.new do |s|\\n s.name = "guid"; s.version = "%s"; s.summary = "sample"; s.authors = ["x"]; s.files = []\\nend\\n' $version > /tmp/guid.gemspec
  gem build --quiet --output=/root/gems/guid-$version.gem /tmp/guid.gemspec
  cp guid-$version.gem gems/
done
gem generate_index --quiet --directory /root/gems
`
