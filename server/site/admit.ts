/**
 * Whether a good revision may take over in its environment: what the site's policies over changes say of the step from
 * what is served. One that wants approval is held until a person signed that off; what is served stays.
 */
import { canonical } from '../../schemas/canonical.ts'
import { RekindleError } from '../../schemas/errors.ts'
import type { ChangeVerdict } from '../../schemas/fleet-change.ts'
import { sha256 } from '../../schemas/hash.ts'
import type { Admission, Candidate } from '../compiler/compiler.ts'
import type { Context } from '../context.ts'
import type { SiteProblem } from '../http/view.ts'
import { compareHosts } from '../plan/compare.ts'
import { readKnownHosts } from '../plan/known-hosts.ts'
import { createPlanBuilder } from '../plan/plan.ts'
import { shownEnvironment, sidesOf } from '../plan/sides.ts'
import { appendAudit } from '../store/audit.ts'
import {
  approveRevision,
  findHeldRevision,
  type HeldRevision,
  holdRevision,
  listHeldRevisions,
} from '../store/held-revision.ts'
import { transact } from '../store/statement.ts'
import type { Environments, ManifestOf } from './placement.ts'
import { siteTarget } from './source.ts'

export interface Step {
  readonly candidate: Candidate
  readonly environment: string
  /** The revision that is served to it. */
  readonly served: string
  readonly manifestOf: ManifestOf
  readonly repository: Environments | undefined
}

/** Compiles under way at once, besides those that hosts wait for. */
const lanes = 2

/** Compares every known host; a site without such policies is admitted at once. */
export async function admit(context: Context, step: Step): Promise<Admission> {
  const { candidate, environment, served } = step
  const { revision, manifest } = candidate
  if (manifest.changePolicies === undefined || revision === served) return { ok: true, warnings: [] }
  const verdicts = await judgeStep(context, step)
  const at = (level: ChangeVerdict['level']) => verdicts.filter((one) => one.level === level)
  const refusing = at('refuse')
  if (refusing.length > 0) return { ok: false, problems: refusing.map(toProblem) }
  const wanting = at('approve')
  const warnings = at('warn').map(toProblem)
  if (wanting.length === 0) return { ok: true, warnings }
  const policies = [...new Set(wanting.map(({ policy }) => policy))].sort()
  const evidence = sha256(canonical({ environment, served, revision, policies }))
  if (isApproved(context, environment, evidence)) return { ok: true, warnings }
  holdRevision(context.db, { environment, evidence, revision }, context.now())
  return { ok: false, held: true, problems: wanting.map(toProblem) }
}

async function judgeStep(
  { db }: Context,
  { candidate, environment, manifestOf, repository }: Step,
): Promise<readonly ChangeVerdict[]> {
  const sides = sidesOf({
    before: { manifestOf, compilerOf: () => candidate.served },
    after: {
      manifestOf: (name) => (name === environment ? candidate.manifest : manifestOf(name)),
      compilerOf: (name) => (name === environment ? candidate.planned : candidate.served),
    },
    repository,
  })
  const builder = createPlanBuilder()
  const { hosts } = readKnownHosts(db, () => true)
  await compareHosts(hosts, sides, { lanes, onOutcome: builder.add })
  return candidate.judge(builder.change(shownEnvironment(environment, repository)))
}

function toProblem({ message, where, hint }: ChangeVerdict): SiteProblem {
  return { message, where, hint }
}

function isApproved({ db }: Context, environment: string, evidence: string): boolean {
  const held = findHeldRevision(db, environment)
  return held?.evidence === evidence && held.approvedAt !== null
}

/**
 * Signs off a revision that is held; it is served with the next look at the site.
 *
 * @throws RekindleError `conflict` when no such revision waits, or not any more
 */
export function signOff(
  { db, now }: Pick<Context, 'db' | 'now'>,
  { by, evidence }: { readonly by: string; readonly evidence: string },
): HeldRevision {
  const held = listHeldRevisions(db).find((one) => one.evidence === evidence)
  if (held === undefined) {
    throw new RekindleError({
      code: 'conflict',
      message: 'Cannot approve the revision of the site: no such change waits, or not any more',
      hint: 'Look at the site again',
    })
  }
  const { environment, revision } = held
  transact(db, () => {
    approveRevision(db, evidence, now())
    appendAudit(
      db,
      { actor: by, action: 'change.approved', target: siteTarget(environment), revision },
      now(),
    )
  })
  return held
}
