/** Asks recorded reads backwards: which catalogs depend on a fact, a key of the data, a secret, or a file of the site. Pure. */
import { layerNames } from '../../schemas/data-layers.ts'
import { rolesNamed } from '../../schemas/host-rule.ts'
import type { Read } from '../compiler/recorder.ts'
import type { CatalogUses } from '../store/uses.ts'

/** What may change, by its dotted name or its path in the site. */
export type Query =
  | { readonly kind: 'fact' | 'attribute' | 'data' | 'secret'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }

export interface HostUses {
  readonly host: string
  readonly role: string
  readonly facts: unknown
  readonly uses: CatalogUses
}

/** Why a host's catalog may change, such as `reads facts.os.release`; undefined when it cannot. */
export function whyAffected(host: HostUses, query: Query): string | undefined {
  switch (query.kind) {
    case 'fact':
      return (
        whyRead(host, `facts.${query.name}`) ??
        whyChosen(host, `facts.${query.name}`) ??
        whyRuled(host, `facts.${query.name}`)
      )
    case 'attribute':
      return (
        whyRead(host, `trusted.attributes.${query.name}`) ?? whyRuled(host, `host.attributes.${query.name}`)
      )
    case 'data':
      return whyRead(host, `data.${query.name}`) ?? whyRuled(host, `data.${query.name}`)
    case 'secret':
      return whySecret(host, query.name)
    case 'file':
      return whyFile(host, query.path)
    default:
      return query satisfies never
  }
}

/** By its whole name, or by the first parts of it, such as `db`. */
function whySecret({ uses }: HostUses, asked: string): string | undefined {
  const name = uses.secrets?.find((one) => one === asked || one.startsWith(`${asked}/`))
  return name === undefined ? undefined : `has secret ${name}`
}

function whyRead({ uses, facts }: HostUses, asked: string): string | undefined {
  const read = uses.reads.find((one) => touches(one, asked, facts))
  return read === undefined ? undefined : `reads ${renderRead(read)}`
}

/** What stands there, around it as one value, or below it; names of members, when one may come or go. */
function touches(read: Read, asked: string, facts: unknown): boolean {
  const name = read.path.join('.')
  if (isWithin(name, asked)) return true
  if (!isWithin(asked, name)) return false
  return read.kind === 'keys' || (read.path[0] === 'facts' && isWhole(read, facts))
}

/** Names have dots in them too, such as `packages.python3.11`, so that texts are compared and not paths. */
function isWithin(name: string, around: string): boolean {
  return name === around || name.startsWith(`${around}.`)
}

/** A list is read as one value. */
function isWhole({ path: [, ...path] }: Read, facts: unknown): boolean {
  let value = facts
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return false
    value = Reflect.get(value, name)
  }
  return Array.isArray(value)
}

export function renderRead({ kind, path }: Read): string {
  return kind === 'keys' ? `the names in ${path.join('.')}` : path.join('.')
}

/** A fact that says which layer of data a host looks at. */
function whyChosen({ uses }: HostUses, asked: string): string | undefined {
  const layer = uses.layers.find((pattern) =>
    [...pattern.matchAll(/\{([^{}]*)\}/g)].some(
      ([, inside = '']) => isWithin(inside, asked) || isWithin(asked, inside),
    ),
  )
  return layer === undefined ? undefined : `looks at ${layer}`
}

/** What decides which roles it has. */
function whyRuled({ uses }: HostUses, asked: string): string | undefined {
  const name = uses.rules?.find((one) => isWithin(one, asked) || isWithin(asked, one))
  return name === undefined ? undefined : `a rule asks ${name}`
}

/** Packages are made of these. */
const packageFiles: ReadonlySet<string> = new Set(['package.json', 'package-lock.json'])

function whyFile(host: HostUses, path: string): string | undefined {
  const { uses } = host
  if (uses.code.includes(path)) return `is made by ${path}`
  const file = uses.files.find((one) => isBelow(path, one) || isBelow(one, path))
  if (file !== undefined) return `takes in ${file}`
  const layer = layersOf(host).find((name) => path.replace(/\.(?:ya?ml|json|ts)$/, '') === name)
  if (layer !== undefined) return `looks at ${layer}`
  const inner = packageFiles.has(path) ? uses.code.find((one) => one.startsWith('node_modules/')) : undefined
  return inner === undefined ? undefined : `is made by ${inner}`
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

/** Layers that the host looks at, whether or not there are files for them. */
export function layersOf({ host, role, facts, uses }: HostUses): readonly string[] {
  const { environment } = uses
  const scope = { host, roles: rolesNamed(role), facts, ...(environment !== undefined && { environment }) }
  return uses.layers.flatMap((pattern) => layerNames(pattern, scope))
}
