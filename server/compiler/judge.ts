/** Asks a site's policies over changes, in its sandbox. */
import type { ChangeVerdict, FleetChange } from '../../schemas/fleet-change.ts'
import type { Request } from './message.ts'
import type { PoolOptions } from './pool.ts'
import { locatedProblems } from './problem.ts'
import type { Served } from './served.ts'

/** What breaks a policy; when they cannot be asked, why, as a refusal. */
export async function judge(
  { manifest, pool, staged }: Served,
  change: FleetChange,
  limits: PoolOptions,
): Promise<readonly ChangeVerdict[]> {
  if (manifest.changePolicies === undefined) return []
  const request: Request = { type: 'judge', change }
  const answer = await pool.ask(request)
  if (answer.type === 'judged') return answer.verdicts
  const problems = await locatedProblems(answer, staged, request, limits)
  return problems.map((problem) => ({ ...problem, policy: 'any', level: 'refuse' }))
}
