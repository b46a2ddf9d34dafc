/** Reads files and directories of the site, for `source` and for templates. */
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { dirname, join, matchesGlob, normalize } from 'node:path/posix'
import { RekindleError } from '../../schemas/errors.ts'
import type { TreeEntry } from './tree.ts'

export interface Choice {
  readonly ignore: readonly string[]
  /** `first`: the first directory that exists. `all`: all of them, the earliest's of what several have. */
  readonly select: 'first' | 'all'
  readonly act: string
}

/**
 * Entries of one or several directories of the site, parents before what is in them.
 *
 * @throws RekindleError `compile-failed`
 */
export function readSiteTrees(
  siteDir: string,
  paths: readonly string[],
  { ignore, select, act }: Choice,
): readonly TreeEntry[] {
  const chosen = select === 'all' ? paths : [firstThere(siteDir, paths)]
  const entries = new Map<string, TreeEntry>()
  for (const path of chosen) {
    for (const entry of readSiteTree(siteDir, path, { ignore, act })) {
      if (!entries.has(entry.path) && !isBelowNoDirectory(entry.path, entries)) entries.set(entry.path, entry)
    }
  }
  return [...entries.values()]
}

/** Where an earlier source has a file, a later one may have a directory. */
function isBelowNoDirectory(path: string, entries: ReadonlyMap<string, TreeEntry>): boolean {
  for (let at = dirname(path); at !== '.'; at = dirname(at)) {
    if (entries.get(at)?.kind !== 'directory') return true
  }
  return false
}

/** The first of several paths that the site has; the last where it has none, for the error to name. */
export function firstThere(siteDir: string, paths: readonly string[]): string {
  // Outside of the site even a look is refused: such a path is taken, for the error to name.
  const isThere = (path: string) => leadsOut(path) || existsSync(join(siteDir, normalize(path)))
  return paths.find(isThere) ?? paths.at(-1) ?? ''
}

function leadsOut(path: string): boolean {
  const inside = normalize(path)
  return path.startsWith('/') || inside === '..' || inside.startsWith('../')
}

/**
 * Everything in a directory of the site, parents before what is in them, each level sorted by name. Links are copied as
 * links.
 *
 * @throws RekindleError `compile-failed`
 */
function readSiteTree(
  siteDir: string,
  path: string,
  { ignore, act }: { readonly ignore: readonly string[]; readonly act: string },
): readonly TreeEntry[] {
  if (leadsOut(path)) throw refuse(act, `"${path}" is not a path inside the site`)
  const inside = normalize(path)
  const isIgnored = (name: string) => ignore.some((glob) => matchesGlob(name, glob))
  const entries: TreeEntry[] = []
  const visit = (directory: string, relative: string) => {
    for (const name of readdirSync(directory).sort()) {
      if (isIgnored(name)) continue
      const [full, short] = [join(directory, name), join(relative, name)]
      const stat = lstatSync(full)
      const isExecutable = (stat.mode & 0o100) !== 0
      if (stat.isSymbolicLink())
        entries.push({ path: short, kind: 'symlink', target: readlinkSync(full), isExecutable: false })
      else if (stat.isFile())
        entries.push({ path: short, kind: 'file', bytes: readFileSync(full), isExecutable })
      else if (stat.isDirectory()) {
        entries.push({ path: short, kind: 'directory', isExecutable: true })
        visit(full, short)
      }
    }
  }
  try {
    visit(join(siteDir, inside), '')
  } catch {
    throw refuse(
      act,
      `the site has no readable directory "${path}"`,
      'Paths are relative to the folder of site.ts',
    )
  }
  return entries
}

/**
 * Bytes of a file, by its path relative to the site. A path or a link that leads out of the site is refused.
 *
 * @throws RekindleError `compile-failed`
 */
export function readSiteFile(siteDir: string, path: string, act: string): Uint8Array {
  if (leadsOut(path)) throw refuse(act, `"${path}" is not a path inside the site`)
  try {
    const real = realpathSync(join(siteDir, normalize(path)))
    if (!real.startsWith(`${realpathSync(siteDir)}/`))
      throw refuse(act, `"${path}" is a link out of the site`)
    return readFileSync(real)
  } catch (cause) {
    if (cause instanceof RekindleError) throw cause
    throw refuse(
      act,
      `the site has no readable file "${path}"`,
      'Paths are relative to the folder of site.ts',
    )
  }
}

function refuse(act: string, reason: string, hint?: string): RekindleError {
  return new RekindleError({ code: 'compile-failed', message: `Cannot ${act}: ${reason}`, hint })
}
