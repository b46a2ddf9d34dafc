/** A compiled role as tests see it. */
import type { DeclaredResource } from './declared-resource.ts'
import type { Verdict } from './policy.ts'
import type { ResourceTypeName } from './reference.ts'

export type TestResource<Type extends ResourceTypeName = ResourceTypeName> = DeclaredResource<Type>

export interface TestCatalog {
  readonly role: string
  /** In order of declaration. */
  readonly ids: readonly string[]
  readonly resources: readonly TestResource[]
  /** What breaks the site's policies; a role that is compiled by itself has none. */
  readonly findings: readonly Verdict[]
  /** @throws Error that lists what there is, when the resource was not declared. */
  find<Type extends ResourceTypeName>(type: Type, title: string): TestResource<Type>
}
