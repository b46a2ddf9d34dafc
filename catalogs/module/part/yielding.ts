/** What several modules need and none owns, such as a package: whoever declares it by itself has the say. */
import { type Compile, currentCompile, type Declaration } from '../../api/context.ts'
import type { Reference, ResourceTypeName } from '../../api/reference.ts'

/**
 * Declares one resource, unless the role declares it elsewhere too, before or after: then that declaration stands, and
 * this one is none. References to it hold in either case.
 *
 * @example yielding(() => pkg('cron'))
 */
export function yielding<Type extends ResourceTypeName>(declare: () => Reference<Type>): Reference<Type> {
  const compile = currentCompile('use a module')
  const reference = declare()
  const own = compile.declarations.at(-1)
  if (own !== undefined) compile.finish.push(() => withdraw(compile, own))
  return reference
}

/** Of several that yield, the last stays. */
function withdraw({ declarations }: Compile, own: Declaration): void {
  const others = declarations.some(
    (other) => other !== own && other.type === own.type && other.title === own.title,
  )
  if (others) declarations.splice(declarations.indexOf(own), 1)
}
