/** The two states of a site that a plan compares: what the server serves, and the same with one environment exchanged. */
import { RekindleError } from '../../schemas/errors.ts'
import type { Compiler, Preparer } from '../compiler/compiler.ts'
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
  return sidesOf({
    before: { manifestOf: before, compilerOf: () => served },
    after: {
      manifestOf: after,
      compilerOf: (name) => (name === environment ? planned : served),
    },
    repository,
  })
}

/** What a side is made of, by environment. */
interface SideParts {
  readonly manifestOf: ManifestOf
  readonly compilerOf: (environment: string) => Preparer
}

export function sidesOf({
  before,
  after,
  repository,
}: {
  readonly before: SideParts
  readonly after: SideParts
  readonly repository: Environments | undefined
}): { before: Side; after: Side } {
  const side = ({ manifestOf, compilerOf }: SideParts): Side => ({
    prepare({ name, facts, life }) {
      const { environment: of } = placeHost(name, manifestOf, repository, () => ({
        facts,
        attributes: life.attributes,
        dataIn: (environment) => compilerOf(environment).ruleData(name, facts, environment),
      }))
      const prepared = compilerOf(of).prepare(name, facts, { life, environment: of })
      return { ...prepared, environment: shownEnvironment(of, repository) }
    },
  })
  return { before: side(before), after: side(after) }
}

/** As people name it. */
export function shownEnvironment(name: string, repository: Environments | undefined): string {
  return name === mainEnvironment ? (repository?.branch ?? '') : name
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
