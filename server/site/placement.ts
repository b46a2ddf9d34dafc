/** Where a host belongs: its environment, and by that one's rules its role and pool. Pure. */
import type { HostRule, Pool, SiteManifest } from '../../schemas/generated/types.ts'
import { asksFacts, type KnownOfHost, ruleFor } from '../../schemas/host-rule.ts'
import { mainEnvironment, type Repository } from './source.ts'

export interface Placement {
  readonly environment: string
  /** Undefined when no rule of the environment's site matches, or none of its revisions was good yet. */
  readonly rule: HostRule | undefined
  /** Its name tells the environment, too. */
  readonly pool: Pool | undefined
}

/** Gives what an environment is served; undefined when that is nothing yet. */
export type ManifestOf = (environment: string) => SiteManifest | undefined

export type Environments = Pick<Repository, 'branch' | 'environmentOf' | 'environments'>

export interface KnownToPlace extends Omit<KnownOfHost, 'data'> {
  /** What the rules of an environment may ask of its site's data; absent: nothing. */
  readonly dataIn?: (environment: string) => unknown
}

/** Who may say where a host belongs: the server's configuration, then the main environment; never the others. */
export function placeHost(
  host: string,
  manifestOf: ManifestOf,
  repository: Environments | undefined,
  knownOf: (host: string) => KnownToPlace,
): Placement {
  let found: KnownToPlace | undefined
  const known = () => {
    found ??= knownOf(host)
    return found
  }
  const environment = environmentOf(host, manifestOf, repository, known)
  const manifest = manifestOf(environment)
  const rule = ruleFor(manifest?.hosts ?? [], host, () => {
    const { facts, attributes, dataIn } = known()
    return {
      facts,
      attributes,
      get data() {
        return dataIn?.(environment)
      },
    }
  })
  const pool = manifest?.pools.find(({ name }) => name === rule?.pool)
  return { environment, rule, pool: pool === undefined ? undefined : qualify(pool, environment) }
}

/** Rules that ask facts or data are passed over: what a host claims does not move it to other code, which has data of its own. */
function environmentOf(
  host: string,
  manifestOf: ManifestOf,
  repository: Environments | undefined,
  known: () => KnownOfHost,
): string {
  if (repository === undefined) return mainEnvironment
  const rules = (manifestOf(mainEnvironment)?.hosts ?? []).filter((rule) => !asksFacts(rule))
  const named = repository.environmentOf(host) ?? ruleFor(rules, host, known)?.environment
  return named === undefined || named === repository.branch ? mainEnvironment : named
}

/** Pools of two environments are two pools, whatever their names: each has rails of its own. */
export function qualify(pool: Pool, environment: string): Pool {
  return environment === mainEnvironment ? pool : { ...pool, name: `${pool.name}@${environment}` }
}

/** Environments besides the main one, in the order in which they are named. */
export function listEnvironments(
  manifest: SiteManifest | undefined,
  repository: Environments | undefined,
): readonly string[] {
  if (repository === undefined) return []
  const named = (manifest?.hosts ?? []).flatMap(({ environment }) => environment ?? [])
  return [...new Set([...repository.environments, ...named])].filter((name) => name !== repository.branch)
}
