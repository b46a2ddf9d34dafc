/** Removal of what has grown old or large. */
import type { AuthoredParams } from '../../../schemas/generated/authored.ts'
import { declare, type Metaparams } from '../declare.ts'
import type { Params, TypeRule } from '../parameter.ts'
import { normalisePath, wrongPath } from '../path.ts'
import type { Reference } from '../reference.ts'

export type TidyOptions = AuthoredParams['tidy'] & Metaparams

/**
 * Removes old, large or otherwise named files from a directory. Several may look at one directory, each with a title of
 * its own and `path`.
 *
 * @example tidy('/var/tmp/app', { age: '1d', recurse: true, rmdirs: true })
 */
export function tidy(title: string, options: TidyOptions): Reference<'tidy'> {
  const { path } = options
  const normal = typeof path === 'string' ? { ...options, path: normalisePath(path) } : options
  return declare({ type: 'tidy', title, options: normal, rule: tidyRule })
}

export const tidyRule: TypeRule = {
  normaliseTitle: (title) => (title.startsWith('/') ? normalisePath(title) : title),
  contradictions: tidyContradictions,
}

function tidyContradictions({ path, age, ageBy, size, matches }: Params, title: string): readonly string[] {
  const wrong: string[] = []
  const root = typeof path === 'string' ? path : title
  const reason = path === undefined ? wrongPath(title) : wrongPath(root)?.replace('the title', 'its "path"')
  if (reason !== undefined) wrong.push(path === undefined ? `${reason}: give "path"` : reason)
  if (root === '/') wrong.push('the root directory is not tidied')
  if (age === undefined && size === undefined && matches === undefined)
    wrong.push('it needs "age", "size" or "matches": matches ["*"] means everything')
  if (ageBy !== undefined && age === undefined) wrong.push('"ageBy" goes with "age"')
  return wrong
}
