/** Packages. */
import type { AuthoredParams } from '../../../schemas/generated/authored.ts'
import { declare, type Metaparams } from '../declare.ts'
import type { Params, TypeRule } from '../parameter.ts'
import type { Reference } from '../reference.ts'

export type PackageOptions = AuthoredParams['package'] & Metaparams

/**
 * A package of the host's package manager, or of npm, pip or gem.
 *
 * @example pkg('nginx', { version: '>=1.22 <1.23' })
 */
export function pkg(name: string, options: PackageOptions = {}): Reference<'package'> {
  return declare({ type: 'package', title: name, options, rule: packageRule })
}

export const packageRule: TypeRule = {
  contradictions: (params, title) => [
    ...wrongName(params, title),
    ...presentOnly(params),
    ...wrongProvider(params),
  ],
}

function wrongName({ name, provider }: Params, title: string): readonly string[] {
  const own = String(name ?? title)
  // A system's own package manager is Debian's in most sites; another one has its say on the host.
  if (provider !== undefined && provider !== 'apt') return []
  // Debian policy 5.6.1, with the architecture that dpkg allows behind it.
  if (/^[a-z0-9][a-z0-9+.-]+(?::[a-z0-9-]+)?$/.test(own)) return []
  return [`${name === undefined ? 'the title' : '"name"'} is no name of a Debian package`]
}

function presentOnly({ ensure = 'present', ...params }: Params): readonly string[] {
  const wrong = (name: string) => `"${name}" does not go with ensure ${JSON.stringify(ensure)}`
  const given = (names: readonly string[]) => names.filter((name) => params[name] !== undefined).map(wrong)
  if (ensure === 'present') return given(['removeDependents'])
  if (ensure === 'latest') return given(['version', 'source', 'removeDependents'])
  return given(['version', 'held', 'source', 'release', 'debconf', 'startServices', 'removeConflicting'])
}

const aptOnly = [
  ...['release', 'recommends', 'configFiles', 'startServices', 'debconf'],
  ...['removeDependents', 'removeConflicting'],
]
const languages = ['npm', 'pip', 'gem']

function wrongProvider({ provider = 'apt', ...params }: Params): readonly string[] {
  const given = (names: readonly string[]) => names.filter((name) => params[name] !== undefined)
  const wrong = [
    ...(provider === 'apt' ? [] : given(aptOnly)),
    ...(languages.includes(String(provider)) ? [] : given(['command'])),
    ...(provider === 'pip' ? [] : given(['target'])),
  ]
  return wrong.map((name) => `"${name}" does not go with provider ${JSON.stringify(provider)}`)
}
