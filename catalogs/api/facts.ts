/** What a role may know of its host. What it reads is noted, since its catalog depends on that and on nothing else. */
import { RekindleError } from '../../schemas/errors.ts'
import type { Facts } from '../../schemas/generated/types.ts'
import { currentCompile } from './context.ts'

/** What a host says of itself; schemas/protocol/facts.json tells what each means. */
export type HostFacts = Omit<Facts, 'packages'> & {
  /** Versions of the packages that are installed, by name; undefined for any other. */
  readonly packages: { readonly [name: string]: string | undefined }
}

/**
 * The facts of the host that is compiled for, as it claims them. Readable inside a role only.
 *
 * @example template('nginx.conf.eta', { workers: facts.cpu.count })
 */
export const facts: HostFacts = lazily(() => currentCompile('read facts').input.facts)

/** What the server itself knows of a host. Nothing of it can be claimed by the host. */
export interface TrustedHost {
  /** As its certificate has it. */
  readonly name: string
  /** From 1: which of its lives it is. A catalog that reads it differs after each rebuild. */
  readonly incarnation: number
  /** By the site's rules. */
  readonly pool: string
  /** What its join token carried (`rekindle token create --attribute rack=b4`). */
  readonly attributes: { readonly [name: string]: string | undefined }
}

/** The host that is compiled for. Readable inside a role only. */
export const host: TrustedHost = lazily(() => {
  const { input } = currentCompile('read the host’s name')
  return {
    get name() {
      return input.host
    },
    get incarnation() {
      return input.trusted.incarnation
    },
    get pool() {
      return input.trusted.pool
    },
    get attributes() {
      return input.trusted.attributes
    },
  }
})

/** Stands for an object that is there only while a role runs. */
function lazily<Value extends object>(value: () => Value): Value {
  const refuse = (): never => {
    throw new RekindleError({ code: 'compile-failed', message: 'Cannot change facts: they are read-only' })
  }
  return new Proxy({} as Value, {
    get: (_, key) => Reflect.get(value(), key),
    has: (_, key) => Reflect.has(value(), key),
    ownKeys: () => Reflect.ownKeys(value()),
    getOwnPropertyDescriptor: (_, key) => Reflect.getOwnPropertyDescriptor(value(), key),
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
  })
}
