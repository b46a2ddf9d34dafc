/** Reads a file of the site, for `source` and for templates. */
import { readFileSync, realpathSync } from 'node:fs'
import { join, normalize } from 'node:path/posix'
import { RekindleError } from '../../schemas/errors.ts'

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
