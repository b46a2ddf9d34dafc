/** One host's compile, as it stands before it is done: what the role will see, and the cache that may know the result. */
import type { Catalog, FactProblem, Facts } from '../../schemas/generated/types.ts'
import { isData, roleName, ruleFor, rulesOfName } from '../../schemas/host-rule.ts'
import type { Trusted } from '../../schemas/trusted.ts'
import type { SiteProblem } from '../http/view.ts'
import { createReadCache } from './cache.ts'
import { compileError } from './diagnose.ts'
import type { HostData } from './host-data.ts'
import type { Request } from './message.ts'
import type { PoolOptions } from './pool.ts'
import { codeOf, locatedProblems, noRule } from './problem.ts'
import type { Read } from './recorder.ts'
import type { Declared, Served } from './served.ts'
import type { Uses } from './uses.ts'

export interface CompileResult {
  readonly catalog: Catalog
  /** Bytes of the blobs that the catalog names, by SHA-256 (hex). */
  readonly blobs: ReadonlyMap<string, Uint8Array>
  /** Of several, their names joined by `+`. */
  readonly role: string
  readonly pool: string
  /** Facts that the role read and that are not as the site declares them. */
  readonly factProblems: readonly FactProblem[]
  /** What policies of the site warn of. */
  readonly warnings: readonly SiteProblem[]
  /** What of the input the role read: resources and blobs depend on nothing else. */
  readonly reads: readonly Read[]
  /** What of the site went into it. */
  readonly uses: Uses
  /** Found again, since what the role read did not change. */
  readonly cached: boolean
}

export interface CompiledFor {
  /** What the server knows of the host. Default a first life without attributes. */
  readonly life?: Omit<Trusted, 'pool'>
  /** Default the only one. */
  readonly environment?: string
}

export interface PreparedCompile {
  readonly role: string
  readonly pool: string
  /** What the pool's site says is done with drift. */
  readonly drift: Catalog['drift']
  /** As the pool's. */
  readonly maxDropPercent: number
  /** What the role sees, for `see()`. */
  readonly input: object
  /** @throws RekindleError `compile-failed`, `compile-timeout`, `compile-memory` with the place in the site */
  compile(): Promise<CompileResult>
}

interface Settings {
  readonly limits: PoolOptions
  /** For each role. */
  readonly keptResults: number
}

/** @throws RekindleError `not-found` when no rule matches the host */
export function prepareCompile(
  from: Served,
  about: Required<CompiledFor> & { readonly host: string; readonly facts: Facts },
  settings: Settings,
): PreparedCompile {
  const { manifest, data: site } = from
  const { host, facts, life, environment } = about
  const rule = ruleFor(manifest.hosts, host, () => ({
    facts,
    attributes: life.attributes,
    get data() {
      return site && ruleData(site, about)
    },
  }))
  if (rule === undefined) throw noRule(host, manifest)
  const { roles, pool } = rule
  const role = roleName(roles)
  const trusted: Trusted = { ...life, pool }
  const of = environment === '' ? rule.environment : environment
  const scope = { roles, host, trusted, facts, ...(of && { environment: of }) }
  let data: object | undefined
  const input = {
    host,
    trusted,
    facts,
    get data() {
      data ??= site?.of(scope)
      return data
    },
  }
  const asking = rulesOfName(manifest.hosts, host).flatMap(({ when = [] }) => when.map(({ name }) => name))
  const asked = [...new Set(asking)].sort()
  const { drift = 'correct', maxDropPercent = 100 } = manifest.pools.find(({ name }) => name === pool) ?? {}
  return {
    role,
    pool,
    drift,
    maxDropPercent,
    input,
    async compile() {
      const { declared, cached } = await declare(from, input, { ...settings, ...scope })
      const { resources, uses, ...rest } = declared
      const { revision } = from.staged
      const catalog: Catalog = { version: 1, host, role, revision, drift, resources: [...resources] }
      const usesHere = {
        ...uses,
        pool,
        ...(of && { environment: of }),
        ...(asked.length > 0 && { rules: asked }),
        // Those of a role that reads data itself are among them.
        ...(asked.some(isData) && uses.layers.length === 0 && { layers: site?.ruleLayers ?? [] }),
      }
      return { ...rest, uses: usesHere, catalog, role, pool, cached }
    },
  }
}

/** What the site's rules see of its data on a host. */
export function ruleData(
  data: HostData,
  {
    host,
    facts,
    environment,
  }: { readonly host: string; readonly facts: unknown; readonly environment: string },
): object {
  return data.forRules({ host, facts, ...(environment !== '' && { environment }) })
}

type Scope = Omit<Extract<Request, { type: 'compile' }>, 'type'>

/** What the role declares for the input: found again, or compiled. */
async function declare(
  { caches, pool, staged }: Served,
  input: object,
  { limits, keptResults, ...scope }: Scope & Settings,
): Promise<{ readonly declared: Declared; readonly cached: boolean }> {
  const role = roleName(scope.roles)
  const cache = caches.get(role) ?? createReadCache<Declared>(keptResults)
  caches.set(role, cache)
  const known = cache.find(input)
  if (known !== undefined) return { declared: known, cached: true }
  const request: Request = { type: 'compile', ...scope }
  const answer = await pool.ask(request)
  if (answer.type !== 'compiled') {
    const problems = await locatedProblems(answer, staged, request, limits)
    throw compileError(scope.host, problems, codeOf(answer))
  }
  const { type: _, ...declared } = answer
  cache.keep(input, declared.reads, declared)
  return { declared, cached: false }
}
