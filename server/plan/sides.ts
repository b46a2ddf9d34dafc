/** The two states of a site that a plan compares: what the server serves, and the same with one environment exchanged. */
import { RekindleError } from '../../schemas/errors.ts'
import type { Compiler } from '../compiler/compiler.ts'
import { type Environments, listEnvironments, type ManifestOf, placeHost } from '../site/placement.ts'
import { mainEnvironment } from '../site/source.ts'
import type { Side } from './compare.ts'

export interface SidesOptions {
  /** Compiles what is served. */
  readonly served: Compiler
  /** Compiles the change, for `environment`. */
  readonly planned: Compiler
  readonly environment: string
  readonly repository: Environments | undefined
  /** That an environment is served; undefined when it never had a good one. */
  readonly revisionOf: (environment: string) => string | undefined
}

/**
 * Takes up what is served of every environment that either state names.
 *
 * @throws RekindleError `not-found` when the server serves nothing, or has forgotten a revision
 */
export async function openSides(options: SidesOptions): Promise<{ before: Side; after: Side }> {
  const { served, planned, environment, repository } = options
  const before: ManifestOf = (name) => served.manifest(name)
  const after: ManifestOf = (name) => (name === environment ? planned.manifest(name) : before(name))
  await restore(mainEnvironment, options)
  const named = [before, after].flatMap((of) => listEnvironments(of(mainEnvironment), repository))
  for (const name of new Set(named)) await restore(name, options)
  const nameOf = (name: string) => (name === mainEnvironment ? (repository?.branch ?? '') : name)
  const side = (manifestOf: ManifestOf, compilerOf: (name: string) => Compiler): Side => ({
    prepare({ name, facts, life }) {
      const { environment: of } = placeHost(name, manifestOf, repository, () => ({
        facts,
        attributes: life.attributes,
      }))
      return { ...compilerOf(of).prepare(name, facts, { life, environment: of }), environment: nameOf(of) }
    },
  })
  return {
    before: side(before, () => served),
    after: side(after, (name) => (name === environment ? planned : served)),
  }
}

async function restore(environment: string, { served, revisionOf }: SidesOptions): Promise<void> {
  const revision = revisionOf(environment)
  if (revision !== undefined) await served.restore(revision, environment)
  else if (environment === mainEnvironment) {
    throw new RekindleError({
      code: 'not-found',
      message: 'Cannot plan: the server serves no site yet',
      hint: 'Look at the page for why its site was refused, or start it',
    })
  }
}
