/** Pure: a file of /etc/apt/sources.list.d as parameters, and back (sources.list(5)). */
import type { AptSourceParams } from '../../../schemas/generated/types.ts'
import { type Field, type Paragraph, parseParagraphs, renderParagraph } from './deb822.ts'
import { keyringOf } from './key-path.ts'

type Source = Omit<AptSourceParams, 'ensure' | 'verify'>

export function renderSource({ content, ...source }: Source): string {
  return content ?? renderParagraph(fieldsOf(source))
}

function fieldsOf(source: Source): Paragraph {
  const { uris, suites, components, types = ['deb'], architectures, enabled, trusted, options } = source
  const fields: readonly (readonly [name: string, value: string | undefined])[] = [
    ['Types', types.join(' ')],
    ['URIs', words(uris)],
    ['Suites', words(suites)],
    ['Components', words(components)],
    ['Architectures', words(architectures)],
    ['Enabled', enabled === false ? 'no' : undefined],
    ['Trusted', trusted === undefined ? undefined : trusted ? 'yes' : 'no'],
    ['Signed-By', signer(source)],
    ...Object.entries(options ?? {}),
  ]
  return fields.filter((field): field is Field => field[1] !== undefined)
}

function words(list: string | readonly string[] | undefined): string | undefined {
  return list === undefined ? undefined : [list].flat().join(' ')
}

function signer({ key, signedBy }: Source): string | undefined {
  return key === undefined ? signedBy?.trimEnd().replaceAll('\r', '') : keyringOf(key)
}

/** Parameters that give this very text; `content` where no others do. */
export function parseSource(text: string): Source {
  try {
    const [fields, ...more] = parseParagraphs(text)
    const source = fields === undefined || more.length > 0 ? undefined : sourceOf(fields)
    return source !== undefined && renderSource(source) === text ? source : { content: text }
  } catch {
    return { content: text }
  }
}

/** Of the older format, one source a line, that mean the same. Undefined when there is none in it. */
export function parseSourceList(text: string): Source | undefined {
  const sources = text.split('\n').flatMap((line) => sourceOfLine(line.replace(/#.*/, '').trim()) ?? [])
  const [only] = sources
  if (sources.length < 2) return only
  return { content: sources.map(renderSource).join('\n') }
}

function sourceOfLine(line: string): Source | undefined {
  const [, type, brackets = '', rest = ''] = /^(deb|deb-src)\s+(?:\[([^\]]*)\]\s+)?(.*)$/.exec(line) ?? []
  const [uri = '', suite = '', ...components] = rest.split(/\s+/)
  if (type === undefined || suite === '') return undefined
  const options = brackets.split(/\s+/).flatMap((option): Field[] => {
    const [name = '', value = ''] = option.split('=')
    const field = fieldNames[name.toLowerCase()] ?? name
    return value === '' ? [] : [[field, value.replaceAll(',', ' ')]]
  })
  return sourceOf([
    ['Types', type],
    ['URIs', uri],
    ['Suites', suite],
    ...(components.length === 0 ? [] : ([['Components', components.join(' ')]] as const)),
    ...options,
  ])
}

/** What the older format calls them. */
const fieldNames: Readonly<Record<string, string>> = {
  arch: 'Architectures',
  lang: 'Languages',
  target: 'Targets',
  pdiffs: 'PDiffs',
  'by-hash': 'By-Hash',
  trusted: 'Trusted',
  'signed-by': 'Signed-By',
  'check-valid-until': 'Check-Valid-Until',
  'valid-until-min': 'Valid-Until-Min',
  'valid-until-max': 'Valid-Until-Max',
  'check-date': 'Check-Date',
  'inrelease-path': 'InRelease-Path',
}

function sourceOf(fields: Paragraph): Source {
  const of = new Map(fields)
  const list = (name: string) => of.get(name)?.split(/\s+/)
  const own = ['Types', 'URIs', 'Suites', 'Components', 'Architectures', 'Enabled', 'Trusted', 'Signed-By']
  const options = fields.filter(([name]) => !own.includes(name))
  const types = list('Types') ?? []
  return withoutAbsent({
    uris: oneOrMore(list('URIs')),
    suites: oneOrMore(list('Suites')),
    components: list('Components'),
    types: types.length === 1 && types[0] === 'deb' ? undefined : (types as Source['types']),
    architectures: list('Architectures'),
    enabled: isNo(of.get('Enabled')) ? false : undefined,
    trusted: of.has('Trusted') ? !isNo(of.get('Trusted')) : undefined,
    signedBy: of.get('Signed-By'),
    options: options.length === 0 ? undefined : Object.fromEntries(options),
  })
}

function oneOrMore(list: string[] | undefined): string | string[] | undefined {
  return list?.length === 1 ? list[0] : list
}

function isNo(value: string | undefined): boolean {
  return ['no', 'false', 'off', '0', 'without', 'disable'].includes(value?.toLowerCase() ?? '')
}

/** An author leaves them out. */
function withoutAbsent(source: { [Name in keyof Source]: Source[Name] | undefined }): Source {
  return Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined))
}
