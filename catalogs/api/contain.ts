/** Groups what a function or a role declares, so that it can be ordered, notified and limited as a whole. */
import { RekindleError } from '../../schemas/errors.ts'
import { type Compile, currentCompile, noteMistake } from './context.ts'
import type { Metaparams } from './declare.ts'
import { Container } from './reference.ts'
import { Role } from './role.ts'

/**
 * Runs `declare`, and gives a reference to all that it declared. What depends on the container converges after every
 * member; a notification reaches every member that can be refreshed. The name becomes a tag of each member. Metaparameters
 * hold for all members: edges and tags are added to their own, the others are defaults.
 *
 * Unlike a class that is included in Puppet, what is declared in here is always contained, at any depth.
 *
 * @example
 * const app = contain('app', { require: database }, () => {
 *   file('/etc/app.conf', { content: 'port = 80\n' })
 * })
 * service('nginx', { ensure: 'running', require: app })
 */
export function contain(name: string, declare: () => void): Container
export function contain(name: string, options: Metaparams, declare: () => void): Container
/** Declares all of another role, as a container of its name. */
export function contain(role: Role, options?: Metaparams): Container
export function contain(
  of: string | Role,
  given: Metaparams | (() => void) = {},
  last: () => void = () => {},
): Container {
  const name = of instanceof Role ? of.name : String(of)
  const compile = currentCompile(`declare container "${name}"`)
  const options = typeof given === 'function' ? {} : given
  refuseLoop(compile, of)
  if (given instanceof Role) {
    noteMistake(
      compile,
      `Cannot declare container "${name}": wanted a function, found role "${given.name}"`,
      `Give the role alone: contain(${given.name}), and it is named after the role`,
    )
  }
  const declare = of instanceof Role ? of.declare : typeof given === 'function' ? given : last
  const container = new Container(name)
  compile.containers.push({ container, options: { ...options }, of })
  try {
    declare()
  } finally {
    compile.containers.pop()
  }
  return container
}

function refuseLoop({ role, containers }: Compile, of: string | Role): void {
  if (!(of instanceof Role)) return
  const around = [role, ...containers.flatMap((open) => (open.of instanceof Role ? [open.of] : []))]
  const first = around.indexOf(of)
  if (first < 0) return
  const names = [...around.slice(first), of].map(({ name }) => `"${name}"`)
  throw new RekindleError({
    code: 'compile-failed',
    message: `Cannot include role ${names.at(-1)} in itself: ${names.join(' includes ')}`,
    hint: 'Move what both need into a function or a role of its own',
  })
}
