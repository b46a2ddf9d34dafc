/** What a role declared, as the sandbox hands it on: plain data, edges by id, in order of declaration. */
import { type ResourceTraits, resourceTraits } from '../../schemas/generated/resource-traits.ts'
import type { Schedule, SecretPlace } from '../../schemas/generated/types.ts'
import { type ResourceId, renderResourceId } from '../../schemas/resource-id.ts'
import type { TakenReads } from './recorder.ts'

export interface Declared {
  readonly type: string
  readonly title: string
  readonly params: Readonly<Record<string, unknown>>
  /** A file's content. */
  readonly bytes?: Uint8Array
  readonly require: readonly ResourceId[]
  readonly before: readonly ResourceId[]
  readonly notify: readonly ResourceId[]
  readonly subscribe: readonly ResourceId[]
  readonly tags: readonly string[]
  readonly noop?: boolean
  readonly audit?: true | readonly string[]
  readonly schedule?: Schedule
  /** `path:line`, the path relative to the site. */
  readonly where: string
  /** Texts of it that have secrets in them. */
  readonly secrets?: readonly SecretPlace[]
  /** What was read for it. */
  readonly reads?: TakenReads
}

export function idOf({ type, title }: Declared): ResourceId {
  return renderResourceId(type, title)
}

/** @example renderDeclared(motd) // 'file "/etc/motd"' */
export function renderDeclared({ type, title }: Declared): string {
  return `${type} ${JSON.stringify(title)}`
}

export function isAbsent({ params }: Declared): boolean {
  return params.ensure === 'absent' || params.ensure === 'purged'
}

/** What the schema says of a type; a site's own types have none. */
export function traitsOf(type: string): ResourceTraits | undefined {
  return Object.hasOwn(resourceTraits, type) ? resourceTraits[type as keyof typeof resourceTraits] : undefined
}

/** Paths that it writes besides that of its title. */
export function filesOf({ type, title, params }: Declared): readonly string[] {
  const patterns = traitsOf(type)?.files ?? []
  return patterns.map((path) =>
    path.replaceAll(/\{(\w+)\}/g, (_, name) => String(name === 'title' ? title : params[name])),
  )
}
