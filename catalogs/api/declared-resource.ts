/** A resource as a role declared it, for those who look at it: tests and policies. Pure. */
import type { ResourceParams, Schedule } from '../../schemas/generated/types.ts'
import { renderResourceId } from '../../schemas/resource-id.ts'
import type { Declaration } from './context.ts'
import type { ResourceTypeName } from './reference.ts'

export interface DeclaredResource<Type extends ResourceTypeName = ResourceTypeName> {
  /** `type:title` */
  readonly id: string
  readonly type: Type
  readonly title: string
  readonly params: ResourceParams[Type]
  /** Text of a file, from `content` or `source`. */
  readonly content: string | undefined
  /** The same, as it is in the file. */
  readonly bytes: Uint8Array | undefined
  /** Ids, as they were declared. */
  readonly require: readonly string[]
  readonly before: readonly string[]
  readonly notify: readonly string[]
  readonly subscribe: readonly string[]
  /** Its own, and the containers around it. */
  readonly tags: readonly string[]
  readonly noop: boolean | undefined
  readonly audit: true | readonly string[] | undefined
  readonly schedule: Schedule | undefined
  /** `path:line` of the declaration, the path relative to the site. */
  readonly where: string
}

export function viewOf<Type extends ResourceTypeName>(declared: Declaration): DeclaredResource<Type> {
  const { title, bytes, require, before, notify, subscribe, tags, noop, audit, schedule, where } = declared
  return {
    id: renderResourceId(declared.type, title),
    // Who asks for a type looked for declarations of it.
    type: declared.type as Type,
    title,
    // The constructor checked them against the type's schema.
    params: declared.params as unknown as ResourceParams[Type],
    content: bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8'),
    bytes,
    ...{ require, before, notify, subscribe, tags, noop, audit, schedule, where },
  }
}
