/** A flat apt repository on this machine, and a server for it: hosts reach no other. */
import {
  copyFileSync,
  createReadStream,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join, normalize } from 'node:path'
import { hashOf } from '../../schemas/hash.ts'
import { makeOnce, withOverlay } from '../../server/machine/nspawn/image.ts'
import { run } from '../../server/machine/nspawn/run.ts'

export interface RepositoryRequest {
  readonly cacheDir: string
  /** Root tree of the base layer: what it has is left out. */
  readonly base: string
  readonly packages: readonly string[]
  readonly log: (line: string) => void
}

/** Downloads the packages, with all that they need and the base lacks, into a folder that apt can read. */
export async function buildRepository({ cacheDir, base, packages, log }: RepositoryRequest): Promise<string> {
  const place = join(cacheDir, `apt-${hashOf({ base, packages, layout: 1 }).slice(0, 12)}`)
  return makeOnce(place, async (scratch) => {
    log(`downloading ${packages.join(', ')} for the local apt repository (once)`)
    const pool = join(scratch, 'pool')
    await withOverlay({ lower: base, scratch }, async (root) => {
      // The way to Debian's mirror is this machine's own: its resolver, and its proxy if it has one.
      copyFileSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'))
      const proxy = await run(['apt-config', 'dump', 'Acquire::http::Proxy'])
      writeFileSync(join(root, 'etc/apt/apt.conf.d/99proxy'), proxy)
      await run(['chroot', root, 'apt-get', 'update', '-qq'], { timeoutMs: 5 * 60_000 })
      const download = [
        'apt-get',
        'install',
        '--yes',
        '-qq',
        '--download-only',
        '--no-install-recommends',
        ...packages,
      ]
      await run(['chroot', root, ...download], { timeoutMs: 10 * 60_000 })
      mkdirSync(pool)
      const archives = join(root, 'var/cache/apt/archives')
      for (const name of readdirSync(archives).filter((file) => file.endsWith('.deb'))) {
        copyFileSync(join(archives, name), join(pool, name))
      }
    })
    await indexRepository(pool)
    return pool
  })
}

/** Writes the index that apt reads; called again after a package was added. */
export async function indexRepository(dir: string): Promise<void> {
  // `env --chdir`: the index names files relative to the folder that is scanned.
  writeFileSync(
    join(dir, 'Packages'),
    await run(['env', `--chdir=${dir}`, 'dpkg-scanpackages', '--multiversion', '.']),
  )
}

/** Serves the folder over HTTP, for reading only. */
export async function serveRepository(dir: string, address: string, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const path = join(dir, normalize(`/${decodeURIComponent((request.url ?? '/').split('?')[0] ?? '/')}`))
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats?.isFile() !== true) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'content-length': stats.size, 'last-modified': stats.mtime.toUTCString() })
    createReadStream(path).pipe(response)
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, address, resolve)
  await promise
  return server
}

interface MadePackage {
  readonly name: string
  readonly version: string
  /** Names of packages, as in a control file. */
  readonly depends?: string
}

/** Makes a package that holds one file, for tests of versions. */
export async function makePackage(dir: string, made: MadePackage): Promise<void> {
  await makePackages(dir, [made])
}

/** Makes several, and writes the index once. */
export async function makePackages(dir: string, made: readonly MadePackage[]): Promise<void> {
  for (const one of made) await buildPackage(dir, one)
  await indexRepository(dir)
}

async function buildPackage(dir: string, { name, version, depends }: MadePackage): Promise<void> {
  const tree = join(dir, `.${name}-${version}`)
  mkdirSync(join(tree, 'DEBIAN'), { recursive: true })
  mkdirSync(join(tree, 'usr/share', name), { recursive: true })
  const control = [
    `Package: ${name}`,
    `Version: ${version}`,
    'Architecture: all',
    ...(depends === undefined ? [] : [`Depends: ${depends}`]),
    'Maintainer: Rekindle <rekindle@localhost>',
    `Description: ${name} for tests`,
  ]
  writeFileSync(join(tree, 'DEBIAN/control'), `${control.join('\n')}\n`)
  writeFileSync(join(tree, 'usr/share', name, 'version'), `${version}\n`)
  await run(['dpkg-deb', '--build', '--root-owner-group', tree, join(dir, `${name}_${version}_all.deb`)])
  rmSync(tree, { recursive: true })
}
