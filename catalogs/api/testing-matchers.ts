/** What a test says of a catalog: matchers and a snapshot serializer for vitest's `expect`, given by the site's test setup. */
import type { ResourceParams } from '../../schemas/generated/types.ts'
import { type ResourceTypeName, renderResource } from './reference.ts'
import type { TestCatalog, TestResource } from './testing-catalog.ts'
import { renderCatalog } from './testing-snapshot.ts'

/** What is wanted of a resource; what is left out may be anything. Vitest's `expect.any()` and its kin fit everywhere. */
export type WantedResource<Type extends ResourceTypeName> = {
  readonly [Name in Exclude<keyof ResourceParams[Type], 'content'>]?: ResourceParams[Type][Name] | undefined
} & {
  /** The whole text, or a pattern that it matches. */
  readonly content?: string | RegExp
  /** Ids, as they were declared. */
  readonly require?: readonly string[]
  readonly notify?: readonly string[]
  readonly subscribe?: readonly string[]
  readonly tags?: readonly string[]
  readonly noop?: boolean
}

export interface CatalogMatchers {
  /**
   * The catalog declares the resource, with these parameters, and any others.
   *
   * @example expect(catalog).toDeclare('file', '/etc/motd', { mode: '0644', content: /^Welcome/ })
   */
  toDeclare<Type extends ResourceTypeName>(type: Type, title: string, wanted?: WantedResource<Type>): void
}

interface MatcherContext {
  readonly equals: (a: unknown, b: unknown) => boolean
}

interface Verdict {
  readonly pass: boolean
  readonly message: () => string
  readonly actual?: unknown
  readonly expected?: unknown
}

/** For `expect.extend()`. */
export const catalogMatchers = {
  toDeclare(
    this: MatcherContext,
    catalog: unknown,
    type: ResourceTypeName,
    title: string,
    wanted: Readonly<Record<string, unknown>> = {},
  ): Verdict {
    if (!isCatalog(catalog)) throw new TypeError('Cannot look for a resource: wanted what compile() returns')
    const shown = renderResource(type, title)
    const resource = catalog.resources.find(({ id }) => id === `${type}:${title}`)
    if (resource === undefined) return { pass: false, message: () => lacking(catalog, shown, type) }
    const names = Object.keys(wanted).filter((name) => wanted[name] !== undefined)
    const wrong = names.filter((name) => !fits(wanted[name], given(resource, name), this.equals))
    const differing = (value: (name: string) => unknown) =>
      Object.fromEntries(wrong.map((name) => [name, value(name)]))
    return {
      pass: wrong.length === 0,
      message: () =>
        wrong.length === 0
          ? `role "${catalog.role}" declares ${shown} (${resource.where})`
          : `role "${catalog.role}" declares ${shown} with another ${wrong.join(', ')} (${resource.where})`,
      actual: differing((name) => given(resource, name)),
      expected: differing((name) => wanted[name]),
    }
  },
}

/** For `expect.addSnapshotSerializer()`. */
export const catalogSerializer = {
  test: isCatalog,
  serialize: (catalog: TestCatalog): string => renderCatalog(catalog),
}

function isCatalog(value: unknown): value is TestCatalog {
  return typeof value === 'object' && value !== null && 'role' in value && 'resources' in value
}

function lacking({ role, resources }: TestCatalog, shown: string, type: string): string {
  const same = resources.filter(({ id }) => id.startsWith(`${type}:`)).map(({ id }) => id)
  const known = same.length === 0 ? `no ${type}` : same.join(', ')
  return `role "${role}" does not declare ${shown}; it declares ${known}`
}

function fits(wanted: unknown, actual: unknown, equals: MatcherContext['equals']): boolean {
  if (wanted instanceof RegExp) return typeof actual === 'string' && wanted.test(actual)
  return equals(actual, wanted)
}

const own = ['content', 'require', 'notify', 'subscribe', 'tags', 'noop'] as const

function given(resource: TestResource, name: string): unknown {
  const isOwn = own.some((known) => known === name) && (name !== 'content' || resource.content !== undefined)
  return Reflect.get(isOwn ? resource : resource.params, name)
}
