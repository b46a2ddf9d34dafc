/** Reads a file of the site, for `source` and for templates. */
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { join, matchesGlob, normalize } from 'node:path/posix'
import { RekindleError } from '../../schemas/errors.ts'
import type { TreeEntry } from './tree.ts'

/**
 * Everything in a directory of the site, parents before what is in them, each level sorted by name. Links are copied as
 * links.
 *
 * @throws RekindleError `compile-failed`
 */
export function readSiteTree(
  siteDir: string,
  path: string,
  { ignore, act }: { readonly ignore: readonly string[]; readonly act: string },
): readonly TreeEntry[] {
  const inside = normalize(path)
  if (path.startsWith('/') || inside === '..' || inside.startsWith('../'))
    throw refuse(act, `"${path}" is not a path inside the site`)
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
  const inside = normalize(path)
  if (path.startsWith('/') || inside === '..' || inside.startsWith('../')) {
    throw refuse(act, `"${path}" is not a path inside the site`)
  }
  try {
    const real = realpathSync(join(siteDir, inside))
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
