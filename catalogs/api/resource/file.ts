/** Files. */
import type { AuthoredParams } from '../../../schemas/generated/authored.ts'
import { declare, type Metaparams } from '../declare.ts'
import type { Params, TypeRule } from '../parameter.ts'
import { isUrl, normalisePath, wrongPath } from '../path.ts'
import type { Reference } from '../reference.ts'

export type FileOptions = AuthoredParams['file'] & Metaparams

/**
 * A file, directory or symbolic link.
 *
 * @example file('/etc/motd', { content: 'Welcome\n', mode: '0644' })
 */
export function file(path: string, options: FileOptions): Reference<'file'> {
  return declare({ type: 'file', title: path, options: withBase64(options), rule: fileRule })
}

/** Parameters are JSON, which has no bytes. */
function withBase64(given: FileOptions | undefined): object {
  const { content, ...options } = given ?? {}
  if (!(content instanceof Uint8Array)) return content === undefined ? options : { content, ...options }
  return { ...options, contentBase64: Buffer.from(content).toString('base64') }
}

export const fileRule: TypeRule = {
  normaliseTitle: normalisePath,
  wrongTitle: wrongPath,
  contradictions: fileContradictions,
}

function fileContradictions(params: Params): readonly string[] {
  return [...kindContradictions(params), ...sourceContradictions(params)]
}

function kindContradictions(params: Params): readonly string[] {
  const ensure = params.ensure ?? (params.target === undefined ? 'file' : 'symlink')
  const given = (name: string) => params[name] !== undefined
  const isTree = ensure === 'directory' && params.recurse === true
  const onlyFor: readonly (readonly [kind: string, names: readonly string[]])[] = [
    ['file', ['content', 'contentBase64', ...(isTree ? [] : ['source']), 'validate']],
    ['directory', ['recurse', 'purge', 'ignore', 'sourceSelect']],
    ['symlink', ['target']],
  ]
  const wrong = onlyFor.flatMap(([kind, names]) =>
    names
      .filter((name) => given(name) && ensure !== kind)
      .map((name) => `"${name}" does not go with ensure ${JSON.stringify(ensure)}`),
  )
  if (ensure === 'symlink' && !given('target')) wrong.push('a symlink needs a "target"')
  if (typeof params.content === 'string' && !params.content.isWellFormed()) {
    wrong.push('"content" is no valid Unicode text: give other bytes as a Buffer')
  }
  return wrong
}

function sourceContradictions(params: Params): readonly string[] {
  const given = ['content', 'contentBase64', 'source'].filter((name) => params[name] !== undefined)
  const wrong = given.slice(1).map((name) => `"${given[0]}" and "${name}" exclude each other`)
  const sources = [params.source ?? []].flat().map(String)
  const urls = sources.filter(isUrl)
  if (urls.length === 0) {
    const needless = ['checksum', 'caFile'].filter((name) => params[name] !== undefined)
    wrong.push(...needless.map((name) => `"${name}" goes with a "source" that is a URL only`))
    if (params.sourceSelect !== undefined && sources.length === 0)
      wrong.push('"sourceSelect" goes with "source"')
    return wrong
  }
  for (const url of urls) {
    if (!/^https?:\/\/[^/]/i.test(url) || !URL.canParse(url))
      wrong.push(`"source": ${JSON.stringify(url)} is no https:// or http:// URL`)
  }
  if (urls.length < sources.length) wrong.push('"source": files of the site and URLs do not mix')
  if (params.checksum === undefined) wrong.push('a "source" that is a URL needs a "checksum"')
  if (params.recurse === true) wrong.push('"recurse" does not go with a "source" that is a URL')
  return wrong
}
