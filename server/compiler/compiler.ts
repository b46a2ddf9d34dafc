/** The compiler as the rest of the server knows it: a site's folder in, catalogs out. One revision is served at a time. */
import type { DataScope } from '../../schemas/data-layers.ts'
import { RekindleError } from '../../schemas/errors.ts'
import type { Catalog, CatalogResource, Facts, SiteManifest } from '../../schemas/generated/types.ts'
import { ruleFor } from '../../schemas/host-rule.ts'
import type { SiteProblem } from '../http/view.ts'
import { createReadCache, type ReadCache } from './cache.ts'
import { compileError } from './diagnose.ts'
import { createHostData } from './host-data.ts'
import type { Request } from './message.ts'
import { openPool, type PoolOptions, type SandboxPool } from './pool.ts'
import { codeOf, locatedProblems, noRule, unavailable } from './problem.ts'
import { dropStaged, findStaged, type StagedSite, stageSite } from './stage.ts'

export interface CompilerOptions {
  /** Where revisions are staged. */
  readonly stageDir: string
  /** For one compile. Default 10,000. */
  readonly timeoutMs?: number
  /** For the heap of one child. Default 256. */
  readonly memoryMiB?: number
  /** Most child processes for one revision. Default 2. */
  readonly workers?: number
}

export type CheckResult =
  | {
      readonly ok: true
      readonly revision: string
      readonly manifest: SiteManifest
      /** What does no harm, and is hardly meant. */
      readonly warnings: readonly SiteProblem[]
    }
  | { readonly ok: false; readonly revision: string; readonly problems: SiteProblem[] }

export interface CompileResult {
  readonly catalog: Catalog
  /** Bytes of the blobs that the catalog names, by SHA-256 (hex). */
  readonly blobs: ReadonlyMap<string, Uint8Array>
  readonly role: string
  readonly pool: string
  /** Found again, since what the role read did not change. */
  readonly cached: boolean
}

export interface Compiler {
  /**
   * Stages the site, loads it, checks its data, and compiles each rule's role for a host that there is not. A good one is served from then
   * on; a bad one disturbs nothing.
   *
   * @throws RekindleError `site-invalid` when the folder cannot be read
   */
  check(siteDir: string): Promise<CheckResult>
  /**
   * Serves a revision that was good before, such as after a restart.
   *
   * @throws RekindleError `not-found` when it is not staged any more, `site-invalid` when it does not load
   */
  restore(revision: string): Promise<SiteManifest>
  /**
   * The catalog of a host at the served revision.
   *
   * @throws RekindleError `catalog-unavailable` before the first good site, `not-found` when no rule matches the host,
   * `compile-failed`, `compile-timeout`, `compile-memory` with the place in the site
   */
  compile(host: string, facts: Facts): Promise<CompileResult>
  /** Of the revision that is served. */
  manifest(): SiteManifest | undefined
  close(): Promise<void>
}

interface Served {
  readonly staged: StagedSite
  readonly manifest: SiteManifest
  readonly pool: SandboxPool
  /** What a host sees of the site's data; undefined for a site that has none. */
  readonly dataOf: ((scope: DataScope) => object) | undefined
  readonly warnings: readonly SiteProblem[]
  /** By role: what a role declared does not depend on the host's pool. */
  readonly caches: Map<string, ReadCache<Declared>>
}

interface Declared {
  readonly resources: readonly CatalogResource[]
  readonly blobs: ReadonlyMap<string, Uint8Array>
}

/** Results kept for each role, about 100 KiB each for a large one. */
const cacheLimit = 1_000

export function readLimits({ timeoutMs, memoryMiB, workers }: CompilerOptions): PoolOptions {
  return { timeoutMs: timeoutMs ?? 10_000, memoryMiB: memoryMiB ?? 256, workers: workers ?? 2 }
}

export function createCompiler(options: CompilerOptions): Compiler {
  const limits = readLimits(options)
  let served: Served | undefined
  const retiring = new Set<Promise<void>>()

  function serve(next: Served | undefined): void {
    if (served !== undefined) {
      // Hosts may still wait for catalogs of it, and the next revision does not wait for them.
      const closed = served.pool.close().finally(() => retiring.delete(closed))
      retiring.add(closed)
    }
    served = next
  }
  async function check(siteDir: string): Promise<CheckResult> {
    const staged = await stageSite(siteDir, options.stageDir)
    const { revision } = staged
    if (served?.staged.revision === revision) {
      const { manifest, warnings } = served
      return { ok: true, revision, manifest, warnings }
    }
    const pool = openPool(staged.dir, limits)
    const loaded = await tryOut(pool, staged, limits)
    if ('problems' in loaded) {
      await pool.close()
      if (staged.isNew) await dropStaged(staged)
      return { ok: false, revision, problems: loaded.problems }
    }
    const { manifest, warnings } = loaded
    serve({ ...loaded, staged, pool, caches: new Map() })
    return { ok: true, revision, manifest, warnings }
  }
  async function restore(revision: string): Promise<SiteManifest> {
    const staged = await findStaged(options.stageDir, revision)
    const pool = openPool(staged.dir, limits)
    const loaded = await load(pool, staged, limits)
    if ('problems' in loaded) {
      await pool.close()
      const [problem] = loaded.problems
      throw new RekindleError({
        code: 'site-invalid',
        message: problem?.message ?? `Cannot take up revision "${revision}"`,
        where: problem?.where ?? undefined,
      })
    }
    serve({ ...loaded, staged, pool, caches: new Map() })
    return loaded.manifest
  }
  return {
    check,
    restore,
    compile: (host, facts) => compile(served, host, facts, limits),
    manifest: () => served?.manifest,
    async close() {
      serve(undefined)
      await Promise.all(retiring)
    },
  }
}

type Loaded = Pick<Served, 'manifest' | 'dataOf' | 'warnings'>

async function load(
  pool: SandboxPool,
  staged: StagedSite,
  limits: PoolOptions,
): Promise<Loaded | { problems: SiteProblem[] }> {
  const loaded = await pool.ask({ type: 'load', siteDir: staged.dir })
  if (loaded.type !== 'loaded') return { problems: await locatedProblems(loaded, staged, undefined, limits) }
  const request: Request = { type: 'data' }
  const read = await pool.ask(request)
  if (read.type !== 'data') return { problems: await locatedProblems(read, staged, request, limits) }
  const dataOf = read.data === null ? undefined : createHostData(read.data)
  return { manifest: loaded.manifest, dataOf, warnings: read.warnings }
}

async function tryOut(
  pool: SandboxPool,
  staged: StagedSite,
  limits: PoolOptions,
): Promise<Loaded | { problems: SiteProblem[] }> {
  const loaded = await load(pool, staged, limits)
  if ('problems' in loaded) return loaded
  const problems = new Map<string, SiteProblem>()
  for (const { match, role, environment } of loaded.manifest.hosts) {
    const request: Request = { type: 'check', role, match, ...(environment && { environment }) }
    const checked = await pool.ask(request)
    if (checked.type === 'checked') continue
    for (const problem of await locatedProblems(checked, staged, request, limits)) {
      problems.set(JSON.stringify(problem), problem)
    }
  }
  return problems.size === 0 ? loaded : { problems: [...problems.values()] }
}

async function compile(
  served: Served | undefined,
  host: string,
  facts: Facts,
  limits: PoolOptions,
): Promise<CompileResult> {
  if (served === undefined) throw unavailable()
  const { manifest, staged, pool, caches, dataOf } = served
  const rule = ruleFor(manifest.hosts, host)
  if (rule === undefined) throw noRule(host, manifest)
  const { role, environment } = rule
  const scope = { role, host, facts, ...(environment && { environment }) }
  let data: object | undefined
  const input = {
    host,
    facts,
    get data() {
      data ??= dataOf?.(scope)
      return data
    },
  }
  const cache = caches.get(rule.role) ?? createReadCache<Declared>(cacheLimit)
  caches.set(rule.role, cache)
  const addressed = ({ resources, blobs }: Declared, cached: boolean): CompileResult => ({
    catalog: {
      version: 1,
      host,
      role: rule.role,
      revision: staged.revision,
      drift: manifest.pools.find(({ name }) => name === rule.pool)?.drift ?? 'correct',
      resources: [...resources],
    },
    blobs,
    role: rule.role,
    pool: rule.pool,
    cached,
  })

  const known = cache.find(input)
  if (known !== undefined) return addressed(known, true)
  const request: Request = { type: 'compile', ...scope }
  const answer = await pool.ask(request)
  if (answer.type !== 'compiled') {
    const problems = await locatedProblems(answer, staged, request, limits)
    throw compileError(host, problems, codeOf(answer))
  }
  cache.keep(input, answer.reads, answer)
  return addressed(answer, false)
}
