/** Copies a site to where it is compiled from, so that what is served stays as it was while its author edits. */
import { createHash } from 'node:crypto'
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { RekindleError } from '../../schemas/errors.ts'
import type { SiteProblem } from '../http/view.ts'

/** Puts what the lockfile in `dir` asks for to `dir`/node_modules. Gives what is wrong; nothing when it is done. */
export type InstallPackages = (dir: string) => Promise<readonly SiteProblem[]>

export interface StagedSite {
  /** First 12 hexadecimal digits of a SHA-256 over paths and bytes. */
  readonly revision: string
  readonly dir: string
  /** Staged just now, not found there from before. */
  readonly isNew: boolean
}

/**
 * Copies the site to `<stageDir>/<revision>`, or finds it there. Folders whose name begins with a dot are left out;
 * `node_modules` is copied, but is no part of the revision (the lockfile is). Where there is none, what the lockfile asks
 * for is installed.
 *
 * @returns the problems of the installation, where it has some; then nothing is staged
 * @throws RekindleError `site-invalid` when the folder cannot be read
 */
export async function stageSite(
  siteDir: string,
  stageDir: string,
  install?: InstallPackages,
): Promise<StagedSite | NotInstalled> {
  await mkdir(stageDir, { recursive: true, mode: 0o700 })
  const arriving = await mkdtemp(join(stageDir, '.arriving-'))
  try {
    const root = await realpath(siteDir)
    const hash = createHash('sha256')
    for (const path of await filesOf(root)) {
      const bytes = await readInside(root, path)
      // Lengths keep a path's end and the bytes' beginning apart.
      hash.update(`${Buffer.byteLength(path)} ${bytes.length} ${path}`).update(bytes)
      await mkdir(dirname(join(arriving, path)), { recursive: true })
      await writeFile(join(arriving, path), bytes)
    }
    const revision = hash.digest('hex').slice(0, 12)
    const dir = join(await realpath(stageDir), revision)
    if (await exists(dir)) return { revision, dir, isNew: false }
    const hasPackages = await copyPackages(root, arriving)
    if (!hasPackages && install !== undefined && (await exists(join(arriving, lockfile)))) {
      const problems = await install(arriving)
      if (problems.length > 0) return { revision, problems }
    }
    await rename(arriving, dir)
    return { revision, dir, isNew: true }
  } catch (cause) {
    if (cause instanceof RekindleError) throw cause
    throw new RekindleError({ code: 'site-invalid', message: `Cannot read the site "${siteDir}"`, cause })
  } finally {
    await rm(arriving, { recursive: true, force: true })
  }
}

export interface NotInstalled {
  readonly revision: string
  readonly problems: readonly SiteProblem[]
}

const lockfile = 'package-lock.json'
const revisionName = /^[0-9a-f]{12}$/

/** Where a revision was staged before. */
export async function findStaged(stageDir: string, revision: string): Promise<StagedSite> {
  const dir = join(stageDir, revision)
  if (revisionName.test(revision) && (await exists(dir)))
    return { revision, dir: await realpath(dir), isNew: false }
  throw new RekindleError({
    code: 'not-found',
    message: `Cannot take up revision "${revision}": it is not staged`,
    hint: 'Check the site again: rekindle check DIR',
  })
}

export async function dropStaged({ dir }: StagedSite): Promise<void> {
  await rm(dir, { recursive: true, force: true })
}

/** Removes staged revisions but those that are kept. */
export async function pruneStaged(stageDir: string, keeps: (revision: string) => boolean): Promise<void> {
  const names = await readdir(stageDir).catch((): string[] => [])
  for (const name of names.filter((found) => revisionName.test(found) && !keeps(found))) {
    await rm(join(stageDir, name), { recursive: true, force: true })
  }
}

/** Paths of all files below, relative and sorted. */
async function filesOf(root: string, below = ''): Promise<readonly string[]> {
  const found: string[] = []
  const entries = await readdir(join(root, below), { withFileTypes: true })
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules' && !entry.name.startsWith('.'))
        found.push(...(await filesOf(root, path)))
    } else if (entry.isFile() || entry.isSymbolicLink()) found.push(path)
  }
  return found
}

async function readInside(root: string, path: string): Promise<Uint8Array> {
  const real = await realpath(join(root, path))
  if (real.startsWith(`${root}/`) && (await stat(real)).isFile()) return readFile(real)
  throw new RekindleError({
    code: 'site-invalid',
    message: `Cannot read the site: "${path}" is a link to a folder or out of the site`,
    where: path,
  })
}

/**
 * Packages are copied as they stand. Rekindle's own is given by the sandbox, and tools of development are no part of a
 * compile: npm marks them in the lock file that it keeps beside what it installed. False when there are none.
 */
async function copyPackages(root: string, arriving: string): Promise<boolean> {
  const packages = join(root, 'node_modules')
  if (!(await exists(packages))) return false
  const left = new Set(['rekindle', '.bin', '.package-lock.json'].map((name) => join(packages, name)))
  for (const path of await developmentPackages(root)) left.add(join(root, path))
  await cp(packages, join(arriving, 'node_modules'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !left.has(path),
  })
  return true
}

async function developmentPackages(root: string): Promise<readonly string[]> {
  const text = await readFile(join(root, 'node_modules', '.package-lock.json'), 'utf8').catch(() => '{}')
  const { packages = {} }: { packages?: Record<string, { dev?: boolean }> } = JSON.parse(text)
  return Object.entries(packages).flatMap(([path, { dev }]) => (dev === true ? [path] : []))
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
