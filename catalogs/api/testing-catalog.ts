/** A compiled role as tests see it. */
import type { ResourceParams, Schedule } from '../../schemas/generated/types.ts'
import type { ResourceTypeName } from './reference.ts'

export interface TestResource<Type extends ResourceTypeName = ResourceTypeName> {
  /** `type:title` */
  readonly id: string
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

export interface TestCatalog {
  readonly role: string
  /** In order of declaration. */
  readonly ids: readonly string[]
  readonly resources: readonly TestResource[]
  /** @throws Error that lists what there is, when the resource was not declared. */
  find<Type extends ResourceTypeName>(type: Type, title: string): TestResource<Type>
}
