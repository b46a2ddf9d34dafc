/** What was seen of the site, stored and audited once. */
import { errorShape, RekindleError } from '../../schemas/errors.ts'
import type { Context } from '../context.ts'
import { appendAudit } from '../store/audit.ts'
import { type Commit, newestSite, saveSeenSite } from '../store/site.ts'
import { transact } from '../store/statement.ts'
import type { SiteCheck } from './compiler.ts'
import { siteTarget } from './source.ts'

export interface Seen {
  readonly environment: string
  readonly commit: Commit | undefined
  readonly result: SiteCheck
  /** The audit log's actor. */
  readonly by: string
  /** The commit before this one is none of those that led to it. */
  readonly rewritten: boolean
}

/** False when it is what was seen last of the environment. */
export function record({ db, log, live, now }: Context, seen: Seen): boolean {
  const { environment, commit, result, by } = seen
  const { revision } = result
  const problems = result.ok ? [] : result.problems
  const last = newestSite(db, environment)
  const isKnown =
    last?.revision === revision &&
    last.commit?.hash === commit?.hash &&
    JSON.stringify(last.problems) === JSON.stringify(problems)
  if (isKnown) return false
  const action = actionOf(result)
  const target = siteTarget(environment)
  const at = now()
  transact(db, () => {
    saveSeenSite(db, { revision, environment, problems, commit }, at)
    appendAudit(db, { actor: by, action, target, revision, detail: detailOf(seen) }, at)
  })
  const fields = { revision, environment, commit: commit?.hash }
  if (result.ok) log.info(fields, action)
  else if (result.held === true) log.warn({ ...fields, problems }, action)
  else log.error({ ...fields, problems }, action)
  live.emit({ type: 'site' })
  live.emit({ type: 'audit' })
  return true
}

function actionOf(result: SiteCheck): 'site.activated' | 'change.held' | 'site.refused' {
  if (result.ok) return 'site.activated'
  return result.held === true ? 'change.held' : 'site.refused'
}

/** Undefined for a good folder: its revision says all. */
function detailOf({ commit, result, rewritten }: Seen): string | undefined {
  const first = result.ok ? undefined : result.problems[0]
  const words = [
    ...(commit === undefined ? [] : [`${commit.hash.slice(0, 12)} by ${commit.author}: ${commit.subject}`]),
    ...(rewritten ? ['the branch was rewritten: the commit before is not part of it any more'] : []),
    ...(first === undefined ? [] : [`${first.where ?? 'site'}: ${first.message}`]),
  ]
  return words.length === 0 ? undefined : words.join('; ')
}

/** What cannot be read is a refusal like any other: nothing of it is served. */
export function unreadable({ log }: Context, environment: string, error: unknown): SiteCheck {
  if (!(error instanceof RekindleError)) log.error({ err: error, environment }, 'site.unreadable')
  const { message, where, hint } = errorShape(error)
  return {
    ok: false,
    revision: 'unreadable',
    problems: [{ message, where: where ?? null, hint: hint ?? null }],
  }
}
