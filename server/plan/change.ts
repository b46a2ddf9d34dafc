/** What differs between two catalogs of one host, resource by resource, fit to be shown: nothing sensitive gets here. Pure. */
import { canonical } from '../../schemas/canonical.ts'
import { type ResourceTraits, resourceTraits } from '../../schemas/generated/resource-traits.ts'
import type { CatalogResource } from '../../schemas/generated/types.ts'
import { contentDiff } from './content-diff.ts'
import { findRefreshes, type Refreshes } from './refresh.ts'

/** A catalog as a plan compares it. */
export interface Compared {
  /** Role, pool and the like, by name. */
  readonly placement: Readonly<Record<string, string>>
  readonly resources: readonly CatalogResource[]
  readonly blobs: ReadonlyMap<string, Uint8Array>
}

export interface CatalogChange {
  /** Of role, pool, environment and drift, those that change. */
  readonly placement: readonly ValueChange[]
  readonly resources: readonly ResourceChange[]
  /** Services that would restart or reload through subscriptions; absent: none. */
  readonly refreshes?: Refreshes
  /** Its pool lets no catalog leave out as much without a person's approval. */
  readonly held?: {
    readonly dropped: number
    /** How many the catalog has now. */
    readonly resources: number
    readonly maxDropPercent: number
  }
}

export interface ResourceChange {
  readonly kind: 'added' | 'removed' | 'changed'
  readonly id: string
  /** Where it is declared; of a removed one, where it was. */
  readonly where: string
  /** Of an added one its parameters, of a removed one none. */
  readonly changes: readonly ValueChange[]
}

export type ValueChange = {
  /** A parameter, `content`, or an edge or metaparameter such as `require`. */
  readonly name: string
} & (
  | {
      /** JSON; null: it is not there. */
      readonly from: string | null
      readonly to: string | null
    }
  /** Unified, of a content that is text. */
  | { readonly diff: string }
)

const redacted = '[redacted]'
/** Of a sensitive resource, what says nothing of its content. */
const plainParams: ReadonlySet<string> = new Set(['ensure', 'owner', 'group', 'mode', 'sensitive'])
const metaparameters = ['require', 'notify', 'tags', 'noop', 'audit', 'schedule'] as const

/** Undefined when the host would notice nothing: where something is declared is no change. */
export function diffCatalogs(before: Compared, after: Compared): CatalogChange | undefined {
  const placement = diffPlacement(before.placement, after.placement)
  const resources = diffResources(before, after)
  if (placement.length === 0 && resources.length === 0) return undefined
  return { placement, resources, ...refreshesOf(resources, { before, after }) }
}

/** Edges and the like say when the agent acts, and are nothing on the host. */
function refreshesOf(
  resources: readonly ResourceChange[],
  { before, after }: Sides,
): Pick<CatalogChange, 'refreshes'> {
  const changed = resources.filter(
    ({ kind, changes }) => kind === 'added' || changes.some(({ name }) => !isMeta(name)),
  )
  const ids = changed.map(({ id }) => id)
  const refreshes = findRefreshes(before.resources, after.resources, ids)
  return refreshes.restarts.length + refreshes.reloads.length === 0 ? {} : { refreshes }
}

function diffPlacement(before: Compared['placement'], after: Compared['placement']): readonly ValueChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names
    .filter((name) => before[name] !== after[name])
    .map((name) => ({ name, from: json(before[name]), to: json(after[name]) }))
}

function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value)
}

function diffResources(before: Compared, after: Compared): readonly ResourceChange[] {
  const old = new Map(before.resources.map((resource) => [resource.id, resource]))
  const changes = after.resources.flatMap((resource): readonly ResourceChange[] => {
    const last = old.get(resource.id)
    old.delete(resource.id)
    if (last !== undefined && isSame(comparable(last), comparable(resource))) return []
    const { id, where } = resource
    const kind = last === undefined ? 'added' : 'changed'
    return [{ kind, id, where, changes: diffResource(last, resource, { before, after }) }]
  })
  const removed = [...old.values()].map(
    ({ id, where }): ResourceChange => ({ kind: 'removed', id, where, changes: [] }),
  )
  return [...changes, ...removed]
}

function comparable({ where: _, ...resource }: CatalogResource): object {
  return resource
}

/** The order of members is the author's, and says nothing. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b) || canonical(a ?? null) === canonical(b ?? null)
}

interface Sides {
  readonly before: Compared
  readonly after: Compared
}

function diffResource(
  before: CatalogResource | undefined,
  after: CatalogResource,
  sides: Sides,
): readonly ValueChange[] {
  const old = valuesOf(before)
  const next = valuesOf(after)
  const show = shownBy(before, after)
  return [...new Set([...Object.keys(old), ...Object.keys(next)])].flatMap((name): readonly ValueChange[] => {
    const [from, to] = [old[name], next[name]]
    if (isSame(from, to)) return []
    if (name === 'blob') return [diffBlob({ from, to, title: after.title }, show(name), sides)]
    return [{ name, from: render(from, show(name)), to: render(to, show(name)) }]
  })
}

function valuesOf(resource: CatalogResource | undefined): Readonly<Record<string, unknown>> {
  if (resource === undefined) return {}
  const meta = metaparameters.flatMap((name) =>
    resource[name] === undefined ? [] : [[name, resource[name]]],
  )
  return { ...resource.params, ...Object.fromEntries(meta) }
}

/** How a value is shown: whole, not at all, or but for some of its members. */
type Shown = true | false | ReadonlySet<string>

/** What either side says is sensitive is so for both. */
function shownBy(before: CatalogResource | undefined, after: CatalogResource): (name: string) => Shown {
  const said = [before, after].map((one) => member(one?.params, 'sensitive'))
  const members = new Set(
    said.flatMap((one): readonly unknown[] => (Array.isArray(one) ? one : [])).map(String),
  )
  const hidden = new Set(traitsOf(after.type)?.neverShown ?? [])
  return (name) => {
    if (hidden.has(name) || members.has(name)) return false
    if (said.includes(true) && !plainParams.has(name) && !isMeta(name)) return false
    return members.size === 0 ? true : members
  }
}

function traitsOf(type: string): ResourceTraits | undefined {
  // A site's own types have none.
  return Object.hasOwn(resourceTraits, type) ? resourceTraits[type as keyof typeof resourceTraits] : undefined
}

function isMeta(name: string): boolean {
  return metaparameters.some((one) => one === name)
}

function render(value: unknown, shown: Shown): string | null {
  if (value === undefined) return null
  if (shown === false) return redacted
  const text =
    shown === true
      ? JSON.stringify(value)
      : JSON.stringify(value, (key, member: unknown) => (shown.has(key) ? redacted : member))
  return withoutLogins(text)
}

/** As in `https://user:token@host/`. */
function withoutLogins(text: string): string {
  return text.replaceAll(/([a-z+]+:\/\/)[^/@\s'"]+@/g, `$1${redacted}@`)
}

interface BlobChange {
  readonly from: unknown
  readonly to: unknown
  readonly title: string
}

function diffBlob({ from, to, title }: BlobChange, shown: Shown, { before, after }: Sides): ValueChange {
  if (shown === false) return { name: 'content', from: render(from, shown), to: render(to, shown) }
  const change = { name: 'content', from: renderBlob(from), to: renderBlob(to) }
  const [old, next] = [bytesOf(from, before), bytesOf(to, after)]
  if (next === undefined || (from !== undefined && old === undefined)) return change
  const diff = contentDiff(title, old ?? new Uint8Array(), next)
  return diff === undefined ? change : { name: 'content', diff: withoutLogins(diff) }
}

function renderBlob(blob: unknown): string | null {
  const [sha256, size] = [member(blob, 'sha256'), member(blob, 'size')]
  return sha256 === undefined ? null : `sha256 ${String(sha256).slice(0, 12)}, ${String(size)} bytes`
}

function bytesOf(blob: unknown, { blobs }: Compared): Uint8Array | undefined {
  return blobs.get(String(member(blob, 'sha256')))
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
