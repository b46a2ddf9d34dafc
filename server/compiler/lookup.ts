/** Looks data of a site up for one host, whether or not the site compiles: a lookup is how one finds out why it does not. */
import type { ExplainedKey } from '../../schemas/data-layers.ts'
import { RekindleError } from '../../schemas/errors.ts'
import type { Facts, SiteManifest } from '../../schemas/generated/types.ts'
import { isData, ruleFor, rulesOfName } from '../../schemas/host-rule.ts'
import type { Attributes } from '../../schemas/trusted.ts'
import type { SiteProblem } from '../http/view.ts'
import { type CompilerOptions, readLimits } from './compiler.ts'
import { createHostData, type HostData } from './host-data.ts'
import type { Request } from './message.ts'
import { openPool, type PoolOptions, type SandboxPool } from './pool.ts'
import { locatedProblems, noRule } from './problem.ts'
import { type StagedSite, stageSite } from './stage.ts'

export interface Lookup {
  readonly siteDir: string
  /** Empty for all keys. */
  readonly key: string
  readonly host: string
  readonly facts: Facts
  /** Default none. */
  readonly attributes?: Attributes
}

/**
 * Every key at or below `key`, with what each layer had for it.
 *
 * @throws RekindleError `site-invalid` for a site that does not load or whose layers are wrong, `not-found` when no rule
 * matches the host
 */
export async function lookUp(
  { siteDir, key, host, facts, attributes = {} }: Lookup,
  options: CompilerOptions,
): Promise<readonly ExplainedKey[]> {
  const limits = readLimits(options)
  const staged = await stageSite(siteDir, options.stageDir, options.install)
  if ('problems' in staged) throw invalid(staged.problems)
  const pool = openPool(staged.dir, limits)
  try {
    const loaded = await pool.ask({ type: 'load', siteDir: staged.dir })
    if (loaded.type !== 'loaded') throw invalid(await locatedProblems(loaded, staged, undefined, limits))
    const data = await dataForRules(loaded.manifest, host, { pool, staged, limits })
    const rule = ruleFor(loaded.manifest.hosts, host, () => ({
      facts,
      attributes,
      data: data?.forRules({ host, facts }),
    }))
    if (rule === undefined) throw noRule(host, loaded.manifest)
    const { roles, environment } = rule
    const scope = { roles, host, facts, ...(environment === undefined ? {} : { environment }) }
    const request: Request = { type: 'lookup', key, ...scope }
    const answer = await pool.ask(request)
    if (answer.type !== 'looked-up') throw invalid(await locatedProblems(answer, staged, request, limits))
    return answer.keys
  } finally {
    await pool.close()
  }
}

/** Asked only where a rule does: what is wrong with a layer that has no part in the answer is no matter here. */
async function dataForRules(
  { hosts }: SiteManifest,
  host: string,
  {
    pool,
    staged,
    limits,
  }: { readonly pool: SandboxPool; readonly staged: StagedSite; readonly limits: PoolOptions },
): Promise<HostData | undefined> {
  const isAsked = rulesOfName(hosts, host).some(({ when = [] }) => when.some(({ name }) => isData(name)))
  if (!isAsked) return undefined
  const request: Request = { type: 'data' }
  const read = await pool.ask(request)
  if (read.type !== 'data') throw invalid(await locatedProblems(read, staged, request, limits))
  return read.data === null ? undefined : createHostData(read.data)
}

function invalid(problems: readonly SiteProblem[]): RekindleError {
  const [first] = problems
  return new RekindleError({
    code: 'site-invalid',
    message: problems.map(({ message }) => message).join('; '),
    where: first?.where ?? undefined,
    hint: first?.hint ?? undefined,
  })
}
