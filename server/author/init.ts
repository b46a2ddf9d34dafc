/** `rekindle init DIR`: a site that compiles, passes its own test, and that an editor understands, at once. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { hasCode, RekindleError } from '../../schemas/errors.ts'
import { type Linked, linkRekindle } from './link.ts'
import { starterFiles } from './starter.ts'

export interface NewSite extends Linked {
  /** Paths of the files that were written, relative to the folder. */
  readonly files: readonly string[]
}

/**
 * Makes a site in a folder that is empty (but for `.git`) or not there.
 *
 * @throws RekindleError `conflict` when there is something in it; nothing is written then
 */
export function initSite(dir: string): NewSite {
  const there = entriesOf(dir).filter((name) => name !== '.git')
  if (there.length > 0) {
    throw new RekindleError({
      code: 'conflict',
      message: `Cannot make a site in "${dir}": it has things in it: ${listOf(there)}`,
      kept: 'everything as it was',
      hint: 'Name a folder that is empty or not there',
    })
  }
  const files = starterFiles(dir)
  for (const [path, text] of files) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text, { flag: 'wx' })
  }
  return { files: [...files.keys()], ...linkRekindle(dir) }
}

function entriesOf(dir: string): readonly string[] {
  try {
    return readdirSync(dir)
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return []
    throw new RekindleError({ code: 'bad-request', message: `Cannot make a site in "${dir}"`, cause })
  }
}

function listOf(names: readonly string[]): string {
  const shown = names.toSorted().slice(0, 3).join(', ')
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown
}
