/** Why a sandbox did not answer as it should have, in words for the site's author. */
import { RekindleError } from '../../schemas/errors.ts'
import type { HostRule, SiteManifest } from '../../schemas/generated/types.ts'
import type { SiteProblem } from '../http/view.ts'
import { locate } from './locate.ts'
import { type Answer, actOf, type Request } from './message.ts'
import type { Ended, PoolOptions } from './pool.ts'
import type { StagedSite } from './stage.ts'

/** The problems of an answer; for a child that had to be killed, the line at which it was is looked for. */
export async function locatedProblems(
  answer: Answer | Ended,
  staged: StagedSite,
  request: Request | undefined,
  limits: PoolOptions,
): Promise<SiteProblem[]> {
  const [problem, ...others] = problemsOf(answer, actOf(request), limits)
  if (problem === undefined) return []
  if (answer.type !== 'ended' || answer.reason === 'crash') return [problem, ...others]
  const where = await locate(staged.dir, request, answer.reason, limits)
  return [{ ...problem, where: where ?? problem.where }]
}

export function problemsOf(answer: Answer | Ended, act: string, limits: PoolOptions): readonly SiteProblem[] {
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

export function codeOf(answer: Answer | Ended): 'compile-failed' | 'compile-timeout' | 'compile-memory' {
  if (answer.type !== 'ended' || answer.reason === 'crash') return 'compile-failed'
  return answer.reason === 'timeout' ? 'compile-timeout' : 'compile-memory'
}

export function noRule(host: string, manifest: SiteManifest): RekindleError {
  return new RekindleError({
    code: 'not-found',
    message: `Cannot compile a catalog for host "${host}": no rule of the site matches it`,
    where: manifest.hosts[0]?.where ?? 'site.ts',
    hint: `Rules match: ${manifest.hosts.map(shownRule).join(', ')}`,
    kept: 'the last good catalog',
  })
}

function shownRule({ match, when = [] }: HostRule): string {
  const conditions = when.map(({ name }) => name).join(' and ')
  return `${match.join(', ')}${conditions === '' ? '' : ` (when ${conditions})`}`
}

export function unavailable(environment: string): RekindleError {
  const what = environment === '' ? 'the site' : `environment "${environment}"`
  return new RekindleError({
    code: 'catalog-unavailable',
    message: `Cannot compile a catalog: no revision of ${what} has been good yet`,
    kept: 'the last good catalog',
  })
}
