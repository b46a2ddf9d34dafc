/** What a host's catalog depends on, and why one of its resources is as it is. Pure. */
import type { Catalog, CatalogResource } from '../../schemas/generated/types.ts'
import { secretsIn } from '../../schemas/secret.ts'
import { type Read, see } from '../compiler/recorder.ts'
import { type HostUses, layersOf, renderRead } from './affected.ts'

export interface Explained {
  readonly host: string
  readonly role: string
  readonly revision: string
  /** What the role read of the host, with what stood there. */
  readonly reads: readonly SeenRead[]
  /** Keys of the site's data. */
  readonly data: readonly string[]
  /** Layers of data that the host looks at, highest first; not all have files. */
  readonly layers: readonly string[]
  /** Files and folders of the site that the role took in. */
  readonly files: readonly string[]
  readonly code: readonly string[]
  /** Names of the secrets in it. */
  readonly secrets: readonly string[]
}

export interface SeenRead {
  /** Such as `facts.cpu.count`. */
  readonly name: string
  /** JSON, or names of members; `nothing` where it is not there. */
  readonly value: string
}

export interface ExplainedResource {
  readonly id: string
  readonly where: string
  readonly requires: readonly string[]
  readonly requiredBy: readonly string[]
  readonly notifies: readonly string[]
  readonly notifiedBy: readonly string[]
  /** Read after the declaration before this one, and so for this one. */
  readonly reads: readonly SeenRead[]
  /** Names of what the role had read by then: whether it is declared at all may hang on these. */
  readonly readBefore: readonly string[]
  /** Names of the secrets in it. */
  readonly secrets: readonly string[]
}

type Known = HostUses & { readonly input: object; readonly catalog: Catalog }

export function explainHost(known: Known): Explained {
  const { host, role, uses, input, catalog } = known
  const all = uses.reads.map((_, position) => position)
  return {
    host,
    role,
    revision: catalog.revision,
    reads: seenReads(uses.reads, all, input).filter(({ name }) => !isData(name)),
    data: leaves(uses.reads, all)
      .map(renderRead)
      .filter(isData)
      .map((name) => name.slice('data.'.length)),
    layers: layersOf(known),
    files: uses.files,
    code: uses.code,
    secrets: uses.secrets ?? [],
  }
}

/** Undefined when the catalog has no such resource. */
export function explainResource(known: Known, id: string): ExplainedResource | undefined {
  const { catalog, uses, input } = known
  const at = catalog.resources.findIndex((resource) => resource.id === id)
  const resource = catalog.resources[at]
  if (resource === undefined) return undefined
  const { own, by } = uses.readsFor[at] ?? { own: [], by: 0 }
  const idsOf = (has: (one: CatalogResource) => boolean) => catalog.resources.filter(has).map((one) => one.id)
  const before = uses.reads.slice(0, by).flatMap((_, position) => (own.includes(position) ? [] : [position]))
  return {
    id,
    where: resource.where,
    requires: resource.require ?? [],
    requiredBy: idsOf(({ require = [] }) => require.includes(id)),
    notifies: resource.notify ?? [],
    notifiedBy: idsOf(({ notify = [] }) => notify.includes(id)),
    reads: seenReads(uses.reads, own, input),
    readBefore: leaves(uses.reads, before).map(renderRead),
    secrets: secretsIn([resource]),
  }
}

function seenReads(reads: readonly Read[], positions: readonly number[], input: object): readonly SeenRead[] {
  return leaves(reads, positions).map((read) => ({ name: renderRead(read), value: valueAt(input, read) }))
}

function valueAt(input: object, read: Read): string {
  return see(input, read).replace(/^keys /, '')
}

/** Without objects that were only passed on the way to something in them, and what JSON.stringify() asks for by itself. */
function leaves(reads: readonly Read[], positions: readonly number[]): readonly Read[] {
  const chosen = positions.flatMap((at) => reads[at] ?? []).filter(({ path }) => path.at(-1) !== 'toJSON')
  const ways = new Set(chosen.flatMap(({ path, kind }) => waysTo(path, kind)))
  return chosen.filter((read) => read.kind === 'keys' || !ways.has(read.path.join('\0')))
}

function waysTo(path: Read['path'], kind: Read['kind']): readonly string[] {
  const last = kind === 'keys' ? path.length : path.length - 1
  return Array.from({ length: last }, (_, at) => path.slice(0, at + 1).join('\0'))
}

function isData(name: string): boolean {
  return name.startsWith('data.')
}
