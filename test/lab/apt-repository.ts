/** A flat apt repository on this machine, and a server for it: hosts reach no other. */
import {
  copyFileSync,
  createReadStream,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:http'
import { dirname, join, normalize } from 'node:path'
import { hashOf, sha256 } from '../../schemas/hash.ts'
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
  readonly provides?: string
  readonly conflicts?: string
  /** Default `all`. */
  readonly architecture?: string
  /** By path without the slash before it; what is in `etc` is a configuration file. */
  readonly files?: Readonly<Record<string, string>>
  /** Such as `postinst`, `config` and `templates`, by name. */
  readonly control?: Readonly<Record<string, string>>
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

async function buildPackage(
  dir: string,
  {
    name,
    version,
    depends,
    provides,
    conflicts,
    architecture = 'all',
    files = {},
    control = {},
  }: MadePackage,
): Promise<void> {
  const tree = join(dir, `.${name}-${version}`)
  const fields = [
    `Package: ${name}`,
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    ...(depends === undefined ? [] : [`Depends: ${depends}`]),
    ...(provides === undefined ? [] : [`Provides: ${provides}`]),
    ...(conflicts === undefined ? [] : [`Conflicts: ${conflicts}`]),
    ...(architecture === 'all' ? [] : ['Multi-Arch: same']),
    'Maintainer: Rekindle <rekindle@localhost>',
    `Description: ${name} for tests`,
  ]
  const configuration = Object.keys(files).filter((path) => path.startsWith('etc/'))
  const own = architecture === 'all' ? name : `${name}-${architecture}`
  const all = {
    ...files,
    [`usr/share/${own}/version`]: `${version}\n`,
    'DEBIAN/control': `${fields.join('\n')}\n`,
    ...(configuration.length === 0
      ? {}
      : { 'DEBIAN/conffiles': configuration.map((path) => `/${path}\n`).join('') }),
  }
  for (const [path, text] of Object.entries(all)) put(join(tree, path), text, 0o644)
  for (const [path, text] of Object.entries(control)) put(join(tree, 'DEBIAN', path), text, 0o755)
  // A colon has no place in a file's name, so an epoch has none.
  const file = `${name}_${version.replace(/^\d+:/, '')}_${architecture}.deb`
  await run(['dpkg-deb', '--build', '--root-owner-group', tree, join(dir, file)])
  rmSync(tree, { recursive: true })
}

function put(path: string, text: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text, { mode })
}

export interface SignedRelease {
  /** Path of the folder, in which `makePackages` has been. */
  readonly dir: string
  readonly codename: string
  /** Folder of gpg with one secret key. */
  readonly keyDir: string
  /** Of priority 1, as backports are: only what names the release gets it. */
  readonly isBackports?: boolean
}

/** Signs the index, as of now. */
export async function signRelease({
  dir,
  codename,
  keyDir,
  isBackports = false,
}: SignedRelease): Promise<void> {
  const index = readFileSync(join(dir, 'Packages'))
  const release = [
    `Origin: rekindle-tests`,
    `Codename: ${codename}`,
    `Suite: ${codename}`,
    ...(isBackports ? ['NotAutomatic: yes'] : []),
    `Date: ${new Date().toUTCString()}`,
    'SHA256:',
    ` ${sha256(index)} ${index.length} Packages`,
  ]
  const plain = join(dir, 'Release')
  writeFileSync(plain, `${release.join('\n')}\n`)
  const out = ['--yes', '--output', join(dir, 'InRelease')]
  await run(['gpg', '--homedir', keyDir, '--batch', ...out, '--clear-sign', plain])
}

/** Makes a key that signs, in a folder of its own. Gives the public part as text. */
export async function makeSigningKey(keyDir: string): Promise<string> {
  mkdirSync(keyDir, { recursive: true, mode: 0o700 })
  const gpg = ['gpg', '--homedir', keyDir, '--batch', '--quiet', '--passphrase', '']
  await run([
    ...gpg,
    '--quick-generate-key',
    'Rekindle tests <rekindle@localhost>',
    'ed25519',
    'sign',
    'never',
  ])
  const key = await run([...gpg, '--armor', '--export'])
  // Its agent would live on for as long as the folder.
  await run(['gpgconf', '--homedir', keyDir, '--kill', 'all'])
  return key
}
