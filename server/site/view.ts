/** The site as the people's API shows it. */
import type { Pool, SiteManifest } from '../../schemas/generated/types.ts'
import type { EnvironmentView, PoolView, SiteProblem, SiteView } from '../http/view.ts'
import { renderCommit } from '../store/commit-row.ts'
import type { Db } from '../store/db.ts'
import { findHeldRevision, type HeldRevision } from '../store/held-revision.ts'
import { activeSite, newestSite, type Remote, type SeenSite } from '../store/site.ts'
import { mainEnvironment, type Repository } from './source.ts'

export interface ViewParts {
  readonly manifest: SiteManifest | undefined
  readonly repository: Repository | undefined
  /** Of all environments. */
  readonly pools: readonly Pool[]
  /** Of the revision that an environment is served. */
  readonly warningsOf: (environment: string) => readonly SiteProblem[]
  /** Besides the main one. */
  readonly environments: readonly string[]
  readonly poolHosts: (pool: string) => readonly string[]
  readonly environmentHosts: (environment: string) => readonly string[]
}

export function renderSite(db: Db, parts: ViewParts): SiteView {
  const { repository, manifest } = parts
  const { name: _, ...main } = renderEnvironment(db, mainEnvironment, parts)
  return {
    ...main,
    roles: manifest?.roles ?? [],
    pools: parts.pools.map((pool) => renderPool(pool, parts.poolHosts)),
    repository: repository === undefined ? null : renderRepository(repository),
    environments: parts.environments.map((name) => ({
      ...renderEnvironment(db, name, parts),
      hosts: parts.environmentHosts(name),
    })),
  }
}

function renderPool({ name, order, drift }: Pool, poolHosts: ViewParts['poolHosts']): PoolView {
  return { name, order, drift, hosts: poolHosts(name) }
}

function renderEnvironment(
  db: Db,
  name: string,
  { warningsOf }: Pick<ViewParts, 'warningsOf'>,
): Omit<EnvironmentView, 'hosts'> {
  const active = activeSite(db, name)
  const newest = newestSite(db, name)
  return {
    name,
    revision: active?.revision ?? null,
    activatedAt: isoOrNull(active?.activatedAt),
    commit: renderCommit(active?.commit),
    warnings: warningsOf(name),
    refused:
      newest === undefined || newest.activatedAt !== null
        ? null
        : renderRefused(newest, findHeldRevision(db, name)),
  }
}

function renderRefused(
  { revision, seenAt, problems, commit }: SeenSite,
  held: HeldRevision | undefined,
): NonNullable<SiteView['refused']> {
  const approval = held?.revision === revision && held.approvedAt === null ? held.evidence : null
  return { approval, revision, at: new Date(seenAt).toISOString(), problems, commit: renderCommit(commit) }
}

function renderRepository({ url, branch, remote }: Repository): NonNullable<SiteView['repository']> {
  const { fetchedAt, failingSince, problem }: Remote = remote()
  return {
    url,
    branch,
    fetchedAt: isoOrNull(fetchedAt),
    unreachable:
      failingSince === null ? null : { since: new Date(failingSince).toISOString(), problem: problem ?? '' },
  }
}

function isoOrNull(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : new Date(ms).toISOString()
}
