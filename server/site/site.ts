/**
 * The site that is served: checked at start, at each change of its folder and on request. A good one takes over; a bad one
 * is refused and recorded, and hosts stay on the last good catalogs.
 */
import { errorShape } from '../../schemas/errors.ts'
import type { SiteManifest } from '../../schemas/generated/types.ts'
import type { Context } from '../context.ts'
import type { SiteProblem, SiteView } from '../http/view.ts'
import { appendAudit } from '../store/audit.ts'
import { activeSite, newestSite, type SeenSite, saveSeenSite } from '../store/site.ts'
import { transact } from '../store/statement.ts'
import type { Compiler, SiteCheck } from './compiler.ts'
import { type FolderWatch, watchFolder } from './watch.ts'

export interface Site {
  /** Checks the folder now. Checks run one at a time; `by` is the audit log's actor. */
  check(by: string): Promise<SiteView>
  view(): SiteView
  /** Of the revision that is served; undefined before the first good one. */
  manifest(): SiteManifest | undefined
  revision(): string | undefined
  /** From now on, checks the folder whenever it changes. */
  watch(): void
  close(): Promise<void>
}

export interface SiteSettings {
  readonly dir: string
  readonly compiler: Compiler
  /** Gives the pools' hosts for the view. */
  readonly poolHosts: (pool: string) => readonly string[]
  /** A new revision is served. */
  readonly onActivated: (revision: string) => void
}

const quietMs = 150

/** Loads the site: the folder as it stands, or the last good revision where that is bad. */
export async function openSite(context: Context, settings: SiteSettings): Promise<Site> {
  const { compiler, dir } = settings
  let queue: Promise<unknown> = Promise.resolve()
  let served: string | undefined
  let warnings: readonly SiteProblem[] = []
  let watcher: FolderWatch | undefined

  async function checkNow(by: string): Promise<SiteView> {
    const result = await compiler.check(dir).catch((error: unknown) => unreadable(context, error))
    const active = activeSite(context.db)
    const isNew = record(context, result, by)
    if (result.ok) {
      served = result.revision
      warnings = result.warnings ?? []
      if (isNew && active?.revision !== result.revision) settings.onActivated(result.revision)
    } else if (served === undefined && active !== undefined) {
      served = await restore(context, compiler, active)
    }
    return view()
  }
  const view = () => ({ ...renderView(context, settings), warnings })
  function check(by: string): Promise<SiteView> {
    const next = queue.then(() => checkNow(by))
    queue = next.catch(() => {})
    return next
  }

  await check('server')
  return {
    check,
    view,
    manifest: () => (served === undefined ? undefined : compiler.manifest()),
    revision: () => served,
    watch() {
      watcher = watchFolder(
        dir,
        { quietMs },
        {
          onChange: () => {
            check('server').catch((error: unknown) => context.log.error({ err: error }, 'site.check-failed'))
          },
          onError: (error) => context.log.warn({ err: error, dir }, 'site.watch-failed'),
        },
      )
    },
    async close() {
      watcher?.close()
      await queue
    },
  }
}

/** A folder that cannot be read is a refusal like any other: nothing of it is served. */
function unreadable(context: Context, error: unknown): SiteCheck {
  context.log.error({ err: error }, 'site.unreadable')
  const { message, where, hint } = errorShape(error)
  return {
    ok: false,
    revision: 'unreadable',
    problems: [{ message, where: where ?? null, hint: hint ?? null }],
  }
}

async function restore(context: Context, compiler: Compiler, active: SeenSite): Promise<string | undefined> {
  try {
    await compiler.restore(active.revision)
    context.log.warn({ revision: active.revision }, 'site.restored')
    return active.revision
  } catch (error) {
    context.log.error({ err: error, revision: active.revision }, 'site.restore-failed')
    return undefined
  }
}

/** Stores and audits what was seen, when it is not what was seen last. */
function record(context: Context, result: SiteCheck, by: string): boolean {
  const { db, log, live } = context
  const problems = result.ok ? [] : result.problems
  const last = newestSite(db)
  if (last?.revision === result.revision && JSON.stringify(last.problems) === JSON.stringify(problems)) {
    return false
  }
  const first = problems[0]
  transact(db, () => {
    saveSeenSite(db, result.revision, problems, context.now())
    appendAudit(
      db,
      {
        actor: by,
        action: result.ok ? 'site.activated' : 'site.refused',
        target: 'site',
        revision: result.revision,
        detail: first === undefined ? undefined : `${first.where ?? 'site'}: ${first.message}`,
      },
      context.now(),
    )
  })
  if (result.ok) log.info({ revision: result.revision }, 'site.activated')
  else log.error({ revision: result.revision, problems }, 'site.refused')
  live.emit({ type: 'site' })
  live.emit({ type: 'audit' })
  return true
}

function renderView({ db }: Context, { compiler, poolHosts }: SiteSettings): Omit<SiteView, 'warnings'> {
  const active = activeSite(db)
  const newest = newestSite(db)
  const manifest = active === undefined ? undefined : compiler.manifest()
  return {
    revision: active?.revision ?? null,
    activatedAt: isoOrNull(active?.activatedAt),
    roles: manifest?.roles ?? [],
    pools: (manifest?.pools ?? []).map(({ name, order, drift }) => ({
      name,
      order,
      drift,
      hosts: poolHosts(name),
    })),
    refused:
      newest === undefined || newest.activatedAt !== null
        ? null
        : {
            revision: newest.revision,
            at: new Date(newest.seenAt).toISOString(),
            problems: newest.problems,
          },
  }
}

function isoOrNull(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : new Date(ms).toISOString()
}
