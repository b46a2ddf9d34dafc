/**
 * Files that are made of pieces from anywhere in a role. Values are in hand when a role runs, so that the pieces are put
 * together then, and a host gets one ordinary file: a whole content to compare, validate and keep, and no pieces to purge.
 */
import { type Compile, currentCompile, type Declaration, noteMistake } from '../context.ts'
import { contentOf, declare, type EdgeName, edgesOf, type Metaparams, withContainers } from '../declare.ts'
import { Reference, renderResource } from '../reference.ts'
import { type FileOptions, fileRule } from './file.ts'

/** Nothing of a file is left out by a mapped type: an editor shows no documentation for the members of one. */
export interface ConcatOptions extends FileOptions {
  readonly content?: never
  readonly contentBase64?: never
  readonly source?: never
  readonly target?: never
  readonly recurse?: never
  readonly purge?: never
  readonly ignore?: never
  /** Default `file`. */
  readonly ensure?: 'file' | 'absent'
  /** Text above all fragments. */
  readonly header?: string
  /** Text between fragments. */
  readonly separator?: string
  /** Ends a header or fragment that does not end in a line end with one. Default true. */
  readonly ensureNewline?: boolean
  /** Those that are at hand already. */
  readonly fragments?: readonly FragmentOptions[]
}

export interface FragmentOptions extends Pick<Metaparams, EdgeName> {
  /** Text. */
  readonly content?: string
  /** A file of the site, relative to the site's folder. */
  readonly source?: string
  /**
   * Where it stands: numbers by their value, then strings by their characters; equal ones as they are declared. Default 10.
   */
  readonly order?: number | string
}

/** A file that takes fragments. It is also the file's reference. */
export class Concat extends Reference<'file'> {
  /** Tells it from a reference to any file. */
  get takes(): 'fragments' {
    return 'fragments'
  }
}

interface Piece {
  readonly bytes: Uint8Array
  readonly order: number | string
  readonly edges: ReturnType<typeof edgesOf>
}

/** What each has so far. One that is dropped with its compile takes its pieces along. */
const piecesOf = new WeakMap<Concat, { readonly compile: Compile; readonly pieces: Piece[] }>()

/**
 * A file that is made of fragments; without any it is empty.
 *
 * @example
 * const conf = concat('/etc/haproxy/haproxy.cfg', { header: '# Made by Rekindle\n', notify: haproxy })
 * fragment(conf, { content: 'global\n  maxconn 4000\n', order: 1 })
 */
export function concat(path: string, options: ConcatOptions = {}): Concat {
  const compile = currentCompile(`declare ${renderResource('file', String(path))}`)
  const { header, separator, ensureNewline, fragments = [], ...rest } = options
  const isAbsent = rest.ensure === 'absent'
  const given = isAbsent ? rest : { ...rest, content: '' }
  const declared = declare({ type: 'file', title: path, options: given, rule: fileRule })
  const declaration = compile.declarations.at(-1)
  const made = new Concat('file', declared.title)
  compile.references.add(made)
  const pieces: Piece[] = []
  piecesOf.set(made, { compile, pieces })
  for (const one of fragments) addPiece(compile, made, { options: one, pieces })
  if (!isAbsent && declaration !== undefined)
    compile.finish.push(() => finish(compile, declaration, { header, separator, ensureNewline, pieces }))
  return made
}

/**
 * A piece of a `concat`. What it requires or notifies, the file does.
 *
 * @example fragment(conf, { source: 'haproxy/web.cfg', order: 20, require: certificate })
 */
export function fragment(of: Concat, options: FragmentOptions): void {
  const compile = currentCompile('declare a fragment')
  const open = of instanceof Concat ? piecesOf.get(of) : undefined
  if (open === undefined || open.compile !== compile) {
    const hint = "Give what concat() returned in this role: fragment(concat('/a'), { content: 'x' })"
    noteMistake(compile, 'Cannot declare a fragment: it is given no concat of this compile', hint)
    return
  }
  addPiece(compile, of, { options: withContainers(compile, options), pieces: open.pieces })
  // What waits for a container waits for the file that has pieces of it.
  for (const { container } of compile.containers)
    if (!container.members.includes(of)) container.members.push(of)
}

interface Adding {
  readonly options: Readonly<Record<string, unknown>> | FragmentOptions
  readonly pieces: Piece[]
}

function addPiece(compile: Compile, of: Concat, { options, pieces }: Adding): void {
  const shown = `a fragment of ${renderResource('file', of.title)}`
  const given: Readonly<Record<string, unknown>> = { ...options }
  const wrong = wrongIn(given)
  for (const message of wrong) noteMistake(compile, `Cannot declare ${shown}: ${message}`)
  if (wrong.length > 0) return
  const bytes = contentOf(compile, shown, given)
  const edges = edgesOf(compile, shown, given)
  if (bytes === undefined) return
  pieces.push({ bytes, order: (given.order as Piece['order'] | undefined) ?? 10, edges })
}

const known: readonly string[] = ['content', 'source', 'order', 'require', 'before', 'notify', 'subscribe']
/** A container around a fragment gives these to resources; a piece has none of its own. */
const passedOver: readonly string[] = ['tags', 'noop', 'audit', 'schedule']

function wrongIn(options: Readonly<Record<string, unknown>>): readonly string[] {
  const { content, source, order } = options
  const wrong = Object.keys(options)
    .filter((name) => !known.includes(name) && !passedOver.includes(name))
    .map((name) => `unknown parameter "${name}"`)
  if ((content === undefined) === (source === undefined))
    wrong.push('it needs "content" or "source", and not both')
  for (const [name, value] of Object.entries({ content, source }))
    if (value !== undefined && typeof value !== 'string') wrong.push(`parameter "${name}": wanted string`)
  if (typeof content === 'string' && !content.isWellFormed()) wrong.push('"content" is no valid Unicode text')
  if (
    order !== undefined &&
    typeof order !== 'string' &&
    !(typeof order === 'number' && Number.isFinite(order))
  )
    wrong.push('parameter "order": wanted a number or a string')
  return wrong
}

interface Layout {
  readonly header: string | undefined
  readonly separator: string | undefined
  readonly ensureNewline: boolean | undefined
  readonly pieces: readonly Piece[]
}

function finish({ declarations }: Compile, declared: Declaration, layout: Layout): void {
  const bytes = assemble(layout)
  const joined = (name: EdgeName) => [
    ...new Set([...declared[name], ...layout.pieces.flatMap(({ edges }) => edges[name])]),
  ]
  declarations[declarations.indexOf(declared)] = {
    ...declared,
    params: { ...declared.params, content: bytes.toString('utf8') },
    bytes,
    require: joined('require'),
    before: joined('before'),
    notify: joined('notify'),
    subscribe: joined('subscribe'),
  }
}

function assemble({ header, separator = '', ensureNewline = true, pieces }: Layout): Buffer {
  const end = (bytes: Uint8Array) =>
    ensureNewline && bytes.length > 0 && bytes.at(-1) !== 0x0a
      ? Buffer.concat([bytes, Buffer.from('\n')])
      : bytes
  const between = Buffer.from(separator)
  const sorted = pieces.toSorted((a, b) => compare(a.order, b.order))
  const parts = sorted.flatMap(({ bytes }, index) => (index === 0 ? [end(bytes)] : [between, end(bytes)]))
  return Buffer.concat([...(header === undefined ? [] : [end(Buffer.from(header))]), ...parts])
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : Number(a > b)
  return typeof a === 'number' ? -1 : 1
}
