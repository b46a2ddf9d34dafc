/** What is compiled from: a revision for each environment. Environments at the same revision share one, children and all. */
import type { CatalogResource, FactProblem, SiteManifest } from '../../schemas/generated/types.ts'
import type { SiteProblem } from '../http/view.ts'
import type { ReadCache } from './cache.ts'
import type { HostData } from './host-data.ts'
import type { SandboxPool } from './pool.ts'
import type { Read } from './recorder.ts'
import type { StagedSite } from './stage.ts'
import type { Uses } from './uses.ts'

/** What a sandbox says of a site that it loaded. */
export interface Loaded {
  readonly manifest: SiteManifest
  /** What a host sees of the site's data; undefined for a site that has none. */
  readonly data: HostData | undefined
  readonly warnings: readonly SiteProblem[]
  /** Names of those that its roles were seen to use. */
  readonly secrets: readonly string[]
}

export interface Served extends Loaded {
  readonly staged: StagedSite
  readonly pool: SandboxPool
  /** By the name of the roles: what they declare does not depend on the host's pool. */
  readonly caches: Map<string, ReadCache<Declared>>
}

export interface Declared {
  /** What it depends on. */
  readonly reads: readonly Read[]
  readonly uses: Uses
  readonly resources: readonly CatalogResource[]
  readonly factProblems: readonly FactProblem[]
  readonly blobs: ReadonlyMap<string, Uint8Array>
  /** What policies warn of. */
  readonly warnings: readonly SiteProblem[]
}

export interface ServedSites {
  of(environment: string): Served | undefined
  at(revision: string): Served | undefined
  /** From now on the environment is served that, or nothing. What no environment needs any more is closed. */
  serve(environment: string, next: Served | undefined): void
  /** Closes all, and waits for compiles that are under way. */
  close(): Promise<void>
}

export function createServedSites(): ServedSites {
  const served = new Map<string, Served>()
  const retiring = new Set<Promise<void>>()

  function serve(environment: string, next: Served | undefined): void {
    const last = served.get(environment)
    if (next === undefined) served.delete(environment)
    else served.set(environment, next)
    if (last === undefined || [...served.values()].includes(last)) return
    // Hosts may still wait for catalogs of it, and the next revision does not wait for them.
    const closed = last.pool.close().finally(() => retiring.delete(closed))
    retiring.add(closed)
  }
  return {
    of: (environment) => served.get(environment),
    at: (revision) => [...served.values()].find(({ staged }) => staged.revision === revision),
    serve,
    async close() {
      for (const environment of [...served.keys()]) serve(environment, undefined)
      await Promise.all(retiring)
    },
  }
}
