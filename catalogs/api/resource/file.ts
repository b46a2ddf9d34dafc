/** Files. */
import type { ResourceParams } from '../../../schemas/generated/types.ts'
import { type Authored, declare, type Metaparams } from '../declare.ts'
import type { Params, TypeRule } from '../parameter.ts'
import { normalisePath, wrongPath } from '../path.ts'
import type { Reference } from '../reference.ts'

export type FileOptions = Authored<Omit<ResourceParams['file'], 'blob' | 'declaredBelow'>> & Metaparams

/**
 * A file, directory or symbolic link.
 *
 * @example file('/etc/motd', { content: 'Welcome\n', mode: '0644' })
 */
export function file(path: string, options: FileOptions): Reference<'file'> {
  return declare({ type: 'file', title: path, options, rule: fileRule })
}

export const fileRule: TypeRule = {
  normaliseTitle: normalisePath,
  wrongTitle: wrongPath,
  contradictions: fileContradictions,
}

function fileContradictions(params: Params): readonly string[] {
  const ensure = params.ensure ?? (params.target === undefined ? 'file' : 'symlink')
  const given = (name: string) => params[name] !== undefined
  const wrong: string[] = []
  if (given('content') && given('source')) wrong.push('"content" and "source" exclude each other')
  const isTree = ensure === 'directory' && params.recurse === true
  for (const name of ['content', 'source', 'validate']) {
    if (given(name) && ensure !== 'file' && !(name === 'source' && isTree))
      wrong.push(`"${name}" does not go with ensure ${JSON.stringify(ensure)}`)
  }
  for (const name of ['recurse', 'purge', 'ignore']) {
    if (given(name) && ensure !== 'directory')
      wrong.push(`"${name}" does not go with ensure ${JSON.stringify(ensure)}`)
  }
  if (given('target') && ensure !== 'symlink')
    wrong.push(`"target" does not go with ensure ${JSON.stringify(ensure)}`)
  if (ensure === 'symlink' && !given('target')) wrong.push('a symlink needs a "target"')
  if (typeof params.content === 'string' && !params.content.isWellFormed()) {
    wrong.push('"content" is no valid Unicode text')
  }
  return wrong
}
