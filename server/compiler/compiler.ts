/** The compiler as the rest of the server knows it: a site's folder in, catalogs out. One revision is served at a time. */
import { RekindleError } from '../../schemas/errors.ts'
import type { Catalog, CatalogResource, Facts, SiteManifest } from '../../schemas/generated/types.ts'
import { ruleFor } from '../../schemas/host-rule.ts'
import type { SiteProblem } from '../http/view.ts'
import { createReadCache, type ReadCache } from './cache.ts'
import { compileError } from './diagnose.ts'
import { locate } from './locate.ts'
import type { Answer, Request } from './message.ts'
import { type Ended, openPool, type PoolOptions, type SandboxPool } from './pool.ts'
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
      /** What does not keep it from being served, such as what policies warn of. */
      readonly warnings: SiteProblem[]
    }
  | { readonly ok: false; readonly revision: string; readonly problems: SiteProblem[] }

export interface CompileResult {
  readonly catalog: Catalog
  /** Bytes of the blobs that the catalog names, by SHA-256 (hex). */
  readonly blobs: ReadonlyMap<string, Uint8Array>
  readonly role: string
  readonly pool: string
  readonly warnings: readonly SiteProblem[]
  /** Found again, since what the role read did not change. */
  readonly cached: boolean
}

export interface Compiler {
  /**
   * Stages the site, loads it, and compiles each rule's role for a host that there is not. A good one is served from then
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
  readonly warnings: SiteProblem[]
  readonly pool: SandboxPool
  /** By role: what a role declared does not depend on the host's pool. */
  readonly caches: Map<string, ReadCache<Declared>>
}

interface Declared {
  readonly resources: readonly CatalogResource[]
  readonly blobs: ReadonlyMap<string, Uint8Array>
  readonly warnings: readonly SiteProblem[]
}

/** Results kept for each role, about 100 KiB each for a large one. */
const cacheLimit = 1_000

export function createCompiler(options: CompilerOptions): Compiler {
  const limits: PoolOptions = {
    timeoutMs: options.timeoutMs ?? 10_000,
    memoryMiB: options.memoryMiB ?? 256,
    workers: options.workers ?? 2,
  }
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
    serve({ staged, pool, ...loaded, caches: new Map() })
    return { ok: true, revision, ...loaded }
  }
  async function restore(revision: string): Promise<SiteManifest> {
    const staged = await findStaged(options.stageDir, revision)
    const pool = openPool(staged.dir, limits)
    const loaded = await pool.ask({ type: 'load', siteDir: staged.dir })
    if (loaded.type !== 'loaded') {
      await pool.close()
      const [problem] = problemsOf(loaded, 'load the site', limits)
      throw new RekindleError({
        code: 'site-invalid',
        message: problem?.message ?? `Cannot take up revision "${revision}"`,
        where: problem?.where ?? undefined,
      })
    }
    serve({ staged, pool, manifest: loaded.manifest, warnings: [], caches: new Map() })
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

async function tryOut(
  pool: SandboxPool,
  staged: StagedSite,
  limits: PoolOptions,
): Promise<{ manifest: SiteManifest; warnings: SiteProblem[] } | { problems: SiteProblem[] }> {
  const loaded = await pool.ask({ type: 'load', siteDir: staged.dir })
  if (loaded.type !== 'loaded') return { problems: await locatedProblems(loaded, staged, undefined, limits) }
  const problems: SiteProblem[] = []
  const warnings: SiteProblem[] = []
  for (const { match, role, pool: ofRule } of loaded.manifest.hosts) {
    const request: Request = { type: 'check', role, pool: ofRule, match }
    const checked = await pool.ask(request)
    if (checked.type === 'checked') warnings.push(...checked.warnings)
    else problems.push(...(await locatedProblems(checked, staged, request, limits)))
  }
  if (problems.length > 0) return { problems: distinct(problems) }
  return { manifest: loaded.manifest, warnings: distinct(warnings) }
}

/** Several rules may lead to one role, and several roles to one function. */
function distinct(problems: readonly SiteProblem[]): SiteProblem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()]
}

async function compile(
  served: Served | undefined,
  host: string,
  facts: Facts,
  limits: PoolOptions,
): Promise<CompileResult> {
  if (served === undefined) throw unavailable()
  const { manifest, staged, pool, caches } = served
  const rule = ruleFor(manifest.hosts, host)
  if (rule === undefined) throw noRule(host, manifest)
  const input = { host, facts, pool: rule.pool }
  const cache = caches.get(rule.role) ?? createReadCache<Declared>(cacheLimit)
  caches.set(rule.role, cache)
  const addressed = ({ resources, blobs, warnings }: Declared, cached: boolean): CompileResult => ({
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
    warnings,
    cached,
  })

  const known = cache.find(input)
  if (known !== undefined) return addressed(known, true)
  const request: Request = { type: 'compile', role: rule.role, ...input }
  const answer = await pool.ask(request)
  if (answer.type !== 'compiled') {
    const problems = await locatedProblems(answer, staged, request, limits)
    throw compileError(host, problems, codeOf(answer))
  }
  cache.keep(input, answer.reads, answer)
  return addressed(answer, false)
}

/** The problems of an answer; for a child that had to be killed, the line at which it was is looked for. */
async function locatedProblems(
  answer: Answer | Ended,
  staged: StagedSite,
  request: Request | undefined,
  limits: PoolOptions,
): Promise<SiteProblem[]> {
  const act =
    request === undefined || request.type === 'load' ? 'load the site' : `compile role "${request.role}"`
  const [problem, ...others] = problemsOf(answer, act, limits)
  if (problem === undefined) return []
  if (answer.type !== 'ended' || answer.reason === 'crash') return [problem, ...others]
  const where = await locate(staged.dir, request, answer.reason, limits)
  return [{ ...problem, where: where ?? problem.where }]
}

function problemsOf(answer: Answer | Ended, act: string, limits: PoolOptions): readonly SiteProblem[] {
  if (answer.type === 'refused') return answer.problems
  const said = answer.type === 'ended' ? answer.detail.trim() : ''
  const reason = answer.type === 'ended' ? answer.reason : 'crash'
  switch (reason) {
    case 'timeout':
      return [
        {
          message: `Cannot ${act}: it took more than ${limits.timeoutMs / 1000} s`,
          where: 'site.ts',
          hint: 'Look for a loop that does not end',
        },
      ]
    case 'memory':
      return [
        {
          message: `Cannot ${act}: it took more than ${limits.memoryMiB} MiB of memory`,
          where: 'site.ts',
          hint: 'Look for a list or a text that grows without end',
        },
      ]
    case 'crash':
      return [
        {
          message: `Cannot ${act}: its process ended${said === '' ? '' : `: ${said}`}`,
          where: 'site.ts',
          hint: null,
        },
      ]
    default:
      return reason satisfies never
  }
}

function codeOf(answer: Answer | Ended): 'compile-failed' | 'compile-timeout' | 'compile-memory' {
  if (answer.type !== 'ended' || answer.reason === 'crash') return 'compile-failed'
  return answer.reason === 'timeout' ? 'compile-timeout' : 'compile-memory'
}

function noRule(host: string, manifest: SiteManifest): RekindleError {
  return new RekindleError({
    code: 'not-found',
    message: `Cannot compile a catalog for host "${host}": no rule of the site matches it`,
    where: manifest.hosts[0]?.where ?? 'site.ts',
    hint: `Rules match: ${manifest.hosts.map(({ match }) => match).join(', ')}`,
    kept: 'the last good catalog',
  })
}

function unavailable(): RekindleError {
  return new RekindleError({
    code: 'catalog-unavailable',
    message: 'Cannot compile a catalog: no revision of the site has been good yet',
    kept: 'the last good catalog',
  })
}
