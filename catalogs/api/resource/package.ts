/** Packages. */
import type { ResourceParams } from '../../../schemas/generated/types.ts'
import { type Authored, declare, type Metaparams } from '../declare.ts'
import type { TypeRule } from '../parameter.ts'
import type { Reference } from '../reference.ts'

export type PackageOptions = Authored<ResourceParams['package']> & Metaparams

/**
 * A Debian package.
 *
 * @example pkg('nginx')
 */
export function pkg(name: string, options: PackageOptions = {}): Reference<'package'> {
  return declare({ type: 'package', title: name, options, rule: packageRule })
}

export const packageRule: TypeRule = {
  // Debian policy 5.6.1, with the architecture that dpkg allows behind it.
  wrongTitle: (title) =>
    /^[a-z0-9][a-z0-9+.-]+(?::[a-z0-9-]+)?$/.test(title)
      ? undefined
      : 'the title is no name of a Debian package',
  contradictions: ({ ensure = 'present', version }) =>
    version !== undefined && ensure !== 'present'
      ? [`"version" does not go with ensure ${JSON.stringify(ensure)}`]
      : [],
}
