/** The compiler as the rest of the server knows it: a site's folder in, catalogs out. One revision an environment is served. */
import { RekindleError } from '../../schemas/errors.ts'
import type { ChangeVerdict, FleetChange } from '../../schemas/fleet-change.ts'
import type { Facts, SiteManifest } from '../../schemas/generated/types.ts'
import type { SiteProblem } from '../http/view.ts'
import { createHostData } from './host-data.ts'
import { judge } from './judge.ts'
import type { Request } from './message.ts'
import { openPool, type PoolOptions, type SandboxPool } from './pool.ts'
import {
  type CompiledFor,
  type CompileResult,
  type PreparedCompile,
  prepareCompile,
  ruleData,
} from './prepare.ts'
import { locatedProblems, unavailable } from './problem.ts'
import { createServedSites, type Loaded, type Served } from './served.ts'
import {
  dropStaged,
  findStaged,
  type InstallPackages,
  pruneStaged,
  type StagedSite,
  stageSite,
} from './stage.ts'

export interface CompilerOptions {
  /** Where revisions are staged. */
  readonly stageDir: string
  /** For one compile. Default 10,000. */
  readonly timeoutMs?: number
  /** For the heap of one child. Default 256. */
  readonly memoryMiB?: number
  /** Most child processes for one revision. Default 2. */
  readonly workers?: number
  /** How long a child without work is kept. Default 300,000. */
  readonly idleMs?: number
  /** Installs what a staged site's lockfile asks for. Without it, packages are those that the folder has. */
  readonly install?: InstallPackages
  /** Results kept for each role, about 100 KiB each for a large one. Default 1,000. */
  readonly keptResults?: number
}

export type CheckResult =
  | {
      readonly ok: true
      readonly revision: string
      readonly manifest: SiteManifest
      /** What does no harm, and is hardly meant. */
      readonly warnings: readonly SiteProblem[]
      /** Names of the secrets that its roles use, on the hosts that it was tried with. */
      readonly secrets: readonly string[]
    }
  | {
      readonly ok: false
      readonly revision: string
      readonly problems: readonly SiteProblem[]
      /** The same code may be good at another time: its packages could not be had. */
      readonly retry?: true
      /** It is good, and waits for a person. */
      readonly held?: true
    }

/** What tells a host's place, and its catalog. */
export type Preparer = Pick<Compiler, 'prepare' | 'ruleData'>

/** A good revision that is not served yet. */
export interface Candidate {
  readonly revision: string
  readonly manifest: SiteManifest
  /** For this revision. */
  readonly planned: Preparer
  /** For what is served. */
  readonly served: Preparer
  /** What its own policies say of the change that it would be. */
  judge(change: FleetChange): Promise<readonly ChangeVerdict[]>
}

/** Whether a good revision may be served. */
export type Admission =
  | { readonly ok: true; readonly warnings: readonly SiteProblem[] }
  | { readonly ok: false; readonly problems: readonly SiteProblem[]; readonly held?: true }

export interface Compiler {
  /**
   * Stages the site, loads it, checks its data, and compiles each rule's roles for a host that there is not. A good one is
   * served to the environment from then on; a bad one disturbs nothing. Absent, the environment is the only one.
   *
   * @param admit asked before a good one is served; absent, it is
   * @throws RekindleError `site-invalid` when the folder cannot be read
   */
  check(
    siteDir: string,
    environment?: string,
    admit?: (candidate: Candidate) => Promise<Admission>,
  ): Promise<CheckResult>
  /**
   * Serves a revision that was good before, such as after a restart.
   *
   * @throws RekindleError `not-found` when it is not staged any more, `site-invalid` when it does not load
   */
  restore(revision: string, environment?: string): Promise<SiteManifest>
  /** Serves the environment no more. */
  retire(environment: string): void
  /** Forgets staged revisions but these and the ones that are served. */
  prune(keep: readonly string[]): Promise<void>
  /**
   * The catalog of a host at the revision that its environment is served.
   *
   * @throws RekindleError `catalog-unavailable` before the first good site, `not-found` when no rule matches the host,
   * `compile-failed`, `compile-timeout`, `compile-memory` with the place in the site
   */
  compile(host: string, facts: Facts, about?: CompiledFor): Promise<CompileResult>
  /**
   * What `compile` would compile, not compiled yet.
   *
   * @throws RekindleError `catalog-unavailable`, `not-found`, as `compile` does
   */
  prepare(host: string, facts: Facts, about?: CompiledFor): PreparedCompile
  /** What the rules of the revision that is served may ask of its data on a host; undefined when there is none. */
  ruleData(host: string, facts: unknown, environment?: string): object | undefined
  /** What the policies of the revision that is served to the environment say of a change that led to it. */
  judge(change: FleetChange, environment?: string): Promise<readonly ChangeVerdict[]>
  /** Of the revision that is served. */
  manifest(environment?: string): SiteManifest | undefined
  close(): Promise<void>
}

export function readLimits({ timeoutMs, memoryMiB, workers, idleMs }: CompilerOptions): PoolOptions {
  return {
    timeoutMs: timeoutMs ?? 10_000,
    memoryMiB: memoryMiB ?? 256,
    workers: workers ?? 2,
    idleMs: idleMs ?? 300_000,
  }
}

export function createCompiler(options: CompilerOptions): Compiler {
  const limits = readLimits(options)
  const { keptResults = 1_000 } = options
  const served = createServedSites()

  const check: Compiler['check'] = async (siteDir, environment = '', admit) => {
    const staged = await stageSite(siteDir, options.stageDir, options.install)
    const { revision } = staged
    if ('problems' in staged) return { ok: false, revision, problems: staged.problems, retry: true }
    const known = served.at(revision)
    const next = known ?? (await tryNew(staged))
    if ('problems' in next) return { ok: false, revision, problems: next.problems }
    const { manifest, secrets } = next
    const admission = (await admit?.(candidateOf(next))) ?? { ok: true, warnings: [] }
    if (!admission.ok) {
      if (known === undefined) await discard(next)
      return { ...admission, revision }
    }
    served.serve(environment, next)
    const warnings = distinct([...next.warnings, ...admission.warnings])
    return { ok: true, revision, manifest, warnings, secrets }
  }
  async function tryNew(staged: StagedSite): Promise<Served | { problems: readonly SiteProblem[] }> {
    const pool = openPool(staged.dir, limits)
    const loaded = await tryOut(pool, staged, limits)
    if (!('problems' in loaded)) return { ...loaded, staged, pool, caches: new Map() }
    await discard({ pool, staged })
    return loaded
  }
  async function discard({ pool, staged }: Pick<Served, 'pool' | 'staged'>): Promise<void> {
    await pool.close()
    if (staged.isNew) await dropStaged(staged)
  }
  function candidateOf(next: Served): Candidate {
    return {
      revision: next.staged.revision,
      manifest: next.manifest,
      planned: {
        prepare: (host, facts, about) => prepareFrom(next, host, facts, about),
        ruleData: (host, facts, environment) => dataIn(next, host, facts, environment),
      },
      served: { prepare, ruleData: ruleDataOf },
      judge: (change) => judge(next, change, limits),
    }
  }
  async function restore(revision: string, environment = ''): Promise<SiteManifest> {
    const known = served.at(revision)
    const next = known ?? (await takeUp(revision))
    served.serve(environment, next)
    return next.manifest
  }
  async function takeUp(revision: string): Promise<Served> {
    const staged = await findStaged(options.stageDir, revision)
    const pool = openPool(staged.dir, limits)
    const loaded = await load(pool, staged, limits)
    if (!('problems' in loaded)) return { ...loaded, staged, pool, caches: new Map() }
    await pool.close()
    const [problem] = loaded.problems
    throw new RekindleError({
      code: 'site-invalid',
      message: problem?.message ?? `Cannot take up revision "${revision}"`,
      where: problem?.where ?? undefined,
    })
  }
  const ruleDataOf: Compiler['ruleData'] = (host, facts, environment = '') => {
    const from = served.of(environment)
    return from && dataIn(from, host, facts, environment)
  }
  function prepareFrom(
    from: Served,
    host: string,
    facts: Facts,
    { life = firstLife, environment = '' }: CompiledFor = {},
  ): PreparedCompile {
    return prepareCompile(from, { host, facts, life, environment }, { limits, keptResults })
  }
  function prepare(host: string, facts: Facts, about: CompiledFor = {}): PreparedCompile {
    const { environment = '' } = about
    const from = served.of(environment)
    if (from === undefined) throw unavailable(environment)
    return prepareFrom(from, host, facts, about)
  }
  return {
    check,
    async judge(change, environment = '') {
      const from = served.of(environment)
      return from === undefined ? [] : judge(from, change, limits)
    },
    restore,
    retire: (environment) => served.serve(environment, undefined),
    prune: (keep) =>
      pruneStaged(
        options.stageDir,
        (revision) => keep.includes(revision) || served.at(revision) !== undefined,
      ),
    prepare,
    compile: async (host, facts, about) => prepare(host, facts, about).compile(),
    ruleData: ruleDataOf,
    manifest: (environment = '') => served.of(environment)?.manifest,
    close: served.close,
  }
}

function dataIn({ data }: Served, host: string, facts: unknown, environment = ''): object | undefined {
  return data && ruleData(data, { host, facts, environment })
}

const firstLife = { incarnation: 1, attributes: {} }

async function load(
  pool: SandboxPool,
  staged: StagedSite,
  limits: PoolOptions,
): Promise<Loaded | { problems: readonly SiteProblem[] }> {
  const loaded = await pool.ask({ type: 'load', siteDir: staged.dir })
  if (loaded.type !== 'loaded') return { problems: await locatedProblems(loaded, staged, undefined, limits) }
  const request: Request = { type: 'data' }
  const read = await pool.ask(request)
  if (read.type !== 'data') return { problems: await locatedProblems(read, staged, request, limits) }
  const data = read.data === null ? undefined : createHostData(read.data)
  return { manifest: loaded.manifest, data, warnings: read.warnings, secrets: [] }
}

async function tryOut(
  pool: SandboxPool,
  staged: StagedSite,
  limits: PoolOptions,
): Promise<Loaded | { problems: readonly SiteProblem[] }> {
  const loaded = await load(pool, staged, limits)
  if ('problems' in loaded) return loaded
  const problems: SiteProblem[] = []
  const warnings = [...loaded.warnings]
  const secrets = new Set<string>()
  for (const { match, roles, pool: of, environment } of loaded.manifest.hosts) {
    const request: Request = { type: 'check', roles, match, pool: of, ...(environment && { environment }) }
    const checked = await pool.ask(request)
    if (checked.type === 'checked') {
      warnings.push(...checked.warnings)
      for (const name of checked.secrets) secrets.add(name)
    } else problems.push(...(await locatedProblems(checked, staged, request, limits)))
  }
  if (problems.length > 0) return { problems: distinct(problems) }
  return { ...loaded, warnings: distinct(warnings), secrets: [...secrets].sort() }
}

/** Several rules may lead to one role, and several roles to one function. */
function distinct(problems: readonly SiteProblem[]): readonly SiteProblem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()]
}
