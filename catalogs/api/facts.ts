/** What a role may know of its host. What it reads is noted, since its catalog depends on that and on nothing else. */
import { RekindleError } from '../../schemas/errors.ts'
import type { Facts } from '../../schemas/generated/types.ts'
import { currentCompile } from './context.ts'

/**
 * The facts of the host that is compiled for. Readable inside a role only.
 *
 * @example template('nginx.conf.eta', { workers: facts.cpu.count })
 */
export const facts: Facts = lazily(() => currentCompile('read facts').input.facts)

/** The host that is compiled for; `name` is the one in its certificate. Readable inside a role only. */
export const host: { readonly name: string } = lazily(() => {
  const { input } = currentCompile('read the host’s name')
  return {
    get name() {
      return input.host
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
