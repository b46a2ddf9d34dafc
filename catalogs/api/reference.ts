/** A declared resource as a value: what `require`, `before`, `notify` and `subscribe` take, so that nothing can dangle. */
import type { ResourceParams } from '../../schemas/generated/types.ts'

export type ResourceTypeName = keyof ResourceParams

export class Reference<Type extends ResourceTypeName = ResourceTypeName> {
  /** Makes the type nominal: only a constructor of this API gives a reference. */
  readonly #type: Type
  readonly title: string

  constructor(type: Type, title: string) {
    this.#type = type
    this.title = title
    Object.freeze(this)
  }

  get type(): Type {
    return this.#type
  }

  /** Its title, so that `${dir}/index.html` is the path that it looks like. */
  toString(): string {
    return this.title
  }
}

/** What was declared inside one contain(): it can be required and notified as a whole. */
export class Container {
  readonly name: string
  /** In order of declaration. Filled while its function runs, and by this API alone. */
  readonly members: Reference[] = []

  constructor(name: string) {
    this.name = name
  }
}

export type References = Reference | Container | readonly (Reference | Container)[]

/** @example renderResource('file', '/etc/motd') // 'file "/etc/motd"' */
export function renderResource(type: string, title: string): string {
  return `${type} ${JSON.stringify(title)}`
}
