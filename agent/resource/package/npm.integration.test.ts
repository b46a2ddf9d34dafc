/** The npm of this machine, with a prefix and a registry of the test's own: it sees no other, and changes nothing else. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createExec } from '../../host/exec.ts'
import { partialHost } from '../partial-host.ts'
import { installByNpm, npmProvider, readNpmPackages, removeByNpm } from './npm.ts'

const npmProgram = findNpm()

function findNpm(): string | undefined {
  try {
    return realpathSync(execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim())
  } catch {
    return undefined
  }
}

describe.skipIf(npmProgram === undefined)(
  `npm${npmProgram === undefined ? ': skipped: there is no npm on this machine' : ''}`,
  () => {
    const host = partialHost({ exec: createExec() })
    let dir: string
    let npm: string
    let registry: Server

    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), 'rekindle-npm-'))
      registry = await serveRegistry(join(dir, 'tarball'), [
        ['guid', '1.0.0'],
        ['guid', '1.2.0'],
        ['guid', '2.0.0-rc.1'],
        ['@rekindle/scoped', '3.0.0'],
      ])
      npm = writeWrapper(dir, `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`)
    })
    afterAll(() => {
      registry.closeAllConnections()
      registry.close()
      rmSync(dir, { recursive: true, force: true })
    })

    it('a prefix that is not there yet has no packages', async () => {
      expect([...(await readNpmPackages(host, npm))]).toEqual([])
    })

    it('several packages are installed at once, at the version that is asked for or the latest', async () => {
      await installByNpm(host, npm, [{ name: 'guid', version: '1.0.0' }, { name: '@rekindle/scoped' }])
      expect([...(await readNpmPackages(host, npm))]).toEqual([
        ['@rekindle/scoped', '3.0.0'],
        ['guid', '1.0.0'],
      ])
    })

    it('the registry tells the latest, which is no version before a release, and all versions, newest first; of a name it does not have, nothing', async () => {
      const names = ['guid', 'no-such']
      const found = await npmProvider.read(host, { command: npm, names, latest: names, listed: [] })
      expect([...found.values()]).toEqual([
        {
          name: 'guid',
          installed: ['1.0.0'],
          held: false,
          candidate: '1.2.0',
          available: ['2.0.0-rc.1', '1.2.0', '1.0.0'],
        },
        { name: 'no-such', installed: [], held: false, candidate: undefined, available: [] },
      ])
    })

    it('a version goes up and down, a version that is not there fails and says so, and a removal removes', async () => {
      for (const version of ['1.2.0', '1.0.0']) {
        await installByNpm(host, npm, [{ name: 'guid', version }])
        expect((await readNpmPackages(host, npm)).get('guid')).toBe(version)
      }
      await expect(installByNpm(host, npm, [{ name: 'guid', version: '9.9.9' }])).rejects.toMatchObject({
        code: 'apply-failed',
        message: expect.stringMatching(/Cannot install "guid": npm exits 1 and answers ".*guid@9\.9\.9/),
      })
      await removeByNpm(host, npm, ['guid', '@rekindle/scoped'])
      expect([...(await readNpmPackages(host, npm))]).toEqual([])
    })

    it('a tarball is installed from its path', async () => {
      await installByNpm(host, npm, [{ name: 'guid', source: join(dir, 'tarball/guid-1.0.0.tgz') }])
      expect((await readNpmPackages(host, npm)).get('guid')).toBe('1.0.0')
    })
  },
)

/** As a site would have it in /etc/npmrc: what npm reads is all in the folder of the test. */
function writeWrapper(dir: string, registry: string): string {
  const wrapper = join(dir, 'npm')
  const settings = {
    NPM_CONFIG_PREFIX: join(dir, 'prefix'),
    NPM_CONFIG_CACHE: join(dir, 'cache'),
    NPM_CONFIG_USERCONFIG: join(dir, 'npmrc'),
    NPM_CONFIG_REGISTRY: registry,
    NPM_CONFIG_FETCH_RETRIES: '0',
  }
  const lines = Object.entries(settings).map(([name, value]) => `export ${name}='${value}'`)
  writeFileSync(
    wrapper,
    ['#!/bin/sh', ...lines, `exec '${process.execPath}' '${npmProgram}' "$@"`, ''].join('\n'),
  )
  chmodSync(wrapper, 0o755)
  return wrapper
}

/** A registry as npm speaks to it: a document for each package, and its tarballs, packed by npm itself. */
async function serveRegistry(
  folder: string,
  packages: readonly (readonly [string, string])[],
): Promise<Server> {
  const packed = packages.map(([name, version]) => ({ name, version, file: pack(folder, name, version) }))
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(1)
    if (path.startsWith('-/')) {
      response.end(readFileSync(join(folder, path.slice(2))))
      return
    }
    const versions = packed.filter(({ name }) => name === path)
    response.statusCode = versions.length === 0 ? 404 : 200
    response.setHeader('content-type', 'application/json')
    const released = versions.filter(({ version }) => !version.includes('-'))
    response.end(
      JSON.stringify({
        name: path,
        'dist-tags': { latest: released.at(-1)?.version },
        versions: Object.fromEntries(
          versions.map(({ name, version, file }) => [
            version,
            { name, version, dist: { tarball: `http://${request.headers.host}/-/${file}` } },
          ]),
        ),
      }),
    )
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', () => resolve())
  await promise
  return server
}

/** The name of the tarball. */
function pack(folder: string, name: string, version: string): string {
  const source = join(folder, `source-${version}`)
  mkdirSync(source, { recursive: true })
  writeFileSync(join(source, 'package.json'), JSON.stringify({ name, version }))
  const argv = [npmProgram ?? '', 'pack', '--silent', '--offline', '--pack-destination', folder]
  return execFileSync(process.execPath, argv, { cwd: source, encoding: 'utf8' }).trim()
}
