/**
 * The site that is served: checked at start, whenever it may have changed, and on request. A good revision takes over in
 * its environment; a bad one is refused and recorded, and hosts stay on the last good catalogs.
 */
import { RekindleError } from '../../schemas/errors.ts'
import type { Pool } from '../../schemas/generated/types.ts'
import type { Admission, Candidate } from '../compiler/compiler.ts'
import type { Context } from '../context.ts'
import type { SiteProblem, SiteView } from '../http/view.ts'
import { findHeldRevision, releaseRevision } from '../store/held-revision.ts'
import { knownOfHost } from '../store/incarnation.ts'
import { activeSite, recentRevisions } from '../store/site.ts'
import { admit } from './admit.ts'
import type { Compiler, SiteCheck } from './compiler.ts'
import { listEnvironments, type Placement, placeHost, qualify } from './placement.ts'
import { record, unreadable } from './record.ts'
import { type FoundSite, mainEnvironment, type Source } from './source.ts'
import { renderSite } from './view.ts'

export interface Site {
  /** Looks for what is new, now. Looks are taken one at a time; `by` is the audit log's actor. */
  check(by: string): Promise<SiteView>
  /** Looks soon; when a look waits for its turn already, that one is it. */
  hint(): void
  view(): SiteView
  /** Of all environments; pools of other environments than the main one are named `<pool>@<environment>`. */
  pools(): readonly Pool[]
  placeOf(host: string): Placement
  /** That an environment is served; undefined before the first good one. Absent, the main one. */
  revision(environment?: string): string | undefined
  /** The name of an environment as people know it; null where there is only one. */
  nameOf(environment: string): string | null
  /** From now on, looks whenever something may have changed. */
  watch(): void
  close(): Promise<void>
}

export interface SiteSettings {
  readonly source: Source
  readonly compiler: Compiler
  /** Names of all hosts that are known. */
  readonly hosts: () => readonly string[]
  /** New revisions are served; `concerns` tells which hosts they are for. */
  readonly onActivated: (concerns: (host: string) => boolean) => void
}

/** What was looked at last of an environment. */
interface Looked {
  readonly commit: string | undefined
  readonly ok: boolean
  readonly retry: boolean
  /** It waits for a person. */
  readonly held: boolean
}

/** Each has child processes of its own while its hosts ask. */
const mostEnvironments = 16
const signOffMs = 2_000
/** Staged revisions that are kept besides those that are served. */
const keptRevisions = 20

/** Loads the site: as it stands, or the last good revision where that is bad. */
export async function openSite(context: Context, settings: SiteSettings): Promise<Site> {
  const { compiler, source } = settings
  const { repository } = source
  const served = new Map<string, string>()
  const warnings = new Map<string, readonly SiteProblem[]>()
  const looked = new Map<string, Looked>()
  const admittedLast = new Map<string, Admission>()
  let queue: Promise<unknown> = Promise.resolve()
  let isHinted = false
  let isClosing = false
  let signOffs: NodeJS.Timeout | undefined

  const environments = () => listEnvironments(compiler.manifest(mainEnvironment), repository)
  const manifestOf = (environment: string) =>
    served.has(environment) ? compiler.manifest(environment) : undefined
  const placeOf = (host: string) =>
    placeHost(host, manifestOf, repository, (of) => {
      const known = knownOfHost(context.db, of)
      return { ...known, dataIn: (environment) => compiler.ruleData(of, known.facts, environment) }
    })

  async function lookAtAll(by: string): Promise<SiteView> {
    const activated = new Set<string>()
    const look = async (environment: string) => {
      if (!isClosing && (await lookAt(environment, by))) activated.add(environment)
    }
    await look(mainEnvironment)
    const wanted = environments()
    for (const environment of wanted) await look(environment)
    for (const environment of served.keys()) if (isUnwanted(environment, wanted)) drop(environment)
    if (activated.size > 0) await announce(activated)
    return view()
  }
  /** Whether another revision is served to it now. */
  async function lookAt(environment: string, by: string): Promise<boolean> {
    const found = await find(environment)
    if (isKnown(environment, found, by)) return false
    const result =
      'result' in found
        ? found.result
        : await found
            .withFiles((dir) =>
              compiler.check(dir, environment, (candidate) => mayServe(environment, candidate)),
            )
            .catch((error: unknown) => unreadable(context, environment, error))
    // What was cut short says nothing of the site.
    if (isClosing) return false
    const commit = 'result' in found ? undefined : found.commit
    looked.set(environment, {
      commit: commit?.hash,
      ok: result.ok,
      retry: !result.ok && result.retry === true,
      held: !result.ok && result.held === true,
    })
    const active = activeSite(context.db, environment)
    if (result.ok || result.held !== true) releaseRevision(context.db, environment)
    const rewritten = await isRewritten(active?.commit?.hash, commit?.hash)
    const isNew = record(context, { environment, commit, result, by, rewritten })
    if (result.ok) {
      served.set(environment, result.revision)
      warnings.set(environment, result.warnings ?? [])
      return isNew && active?.revision !== result.revision
    }
    if (!served.has(environment) && active !== undefined) await restore(environment, active.revision)
    return false
  }
  async function find(environment: string): Promise<FoundSite | { readonly result: SiteCheck }> {
    try {
      if (environments().indexOf(environment) >= mostEnvironments) throw tooMany(environment)
      return await source.find(environment)
    } catch (error) {
      return { result: unreadable(context, environment, error) }
    }
  }
  /** A commit stays what it is: it is only looked at again when that may help, or a person asks. */
  function isKnown(environment: string, found: object & Partial<FoundSite>, by: string): boolean {
    const last = looked.get(environment)
    if (last === undefined || found.commit === undefined || last.commit !== found.commit.hash) return false
    if (last.held && isSignedOff(environment)) return false
    return last.ok ? served.has(environment) : !last.retry && !by.startsWith('user:')
  }
  const isSignedOff = (environment: string) =>
    (findHeldRevision(context.db, environment)?.approvedAt ?? null) !== null
  async function mayServe(environment: string, candidate: Candidate): Promise<Admission> {
    const active = activeSite(context.db, environment)?.revision
    // What it was warned of as it came stays known for as long as it is served.
    if (active === candidate.revision) return admittedLast.get(environment) ?? admitted
    // After a start, what is served comes back first: it is what the change is judged against.
    if (active !== undefined && !served.has(environment) && candidate.manifest.changePolicies !== undefined)
      await restore(environment, active)
    const revision = served.get(environment)
    if (revision === undefined) return admitted
    const step = { candidate, environment, served: revision, manifestOf, repository }
    const admission = await admit(context, step)
    if (admission.ok) admittedLast.set(environment, admission)
    return admission
  }
  async function isRewritten(before: string | undefined, now: string | undefined): Promise<boolean> {
    if (repository === undefined || before === undefined || now === undefined || before === now) return false
    return !(await repository.isAncestor(before, now))
  }
  async function restore(environment: string, revision: string): Promise<void> {
    try {
      await compiler.restore(revision, environment)
      served.set(environment, revision)
      context.log.warn({ revision, environment }, 'site.restored')
    } catch (error) {
      context.log.error({ err: error, revision, environment }, 'site.restore-failed')
    }
  }
  function drop(environment: string): void {
    compiler.retire(environment)
    served.delete(environment)
    warnings.delete(environment)
    looked.delete(environment)
    admittedLast.delete(environment)
    context.log.info({ environment }, 'site.environment-dropped')
  }
  /** The main environment decides where every host belongs, so it concerns them all. */
  async function announce(activated: ReadonlySet<string>): Promise<void> {
    settings.onActivated((host) => {
      const { environment, rule } = placeOf(host)
      return rule !== undefined && (activated.has(mainEnvironment) || activated.has(environment))
    })
    await compiler.prune(recentRevisions(context.db, keptRevisions))
  }

  const pools = () =>
    [mainEnvironment, ...environments()].flatMap((environment) =>
      (manifestOf(environment)?.pools ?? []).map((pool) => qualify(pool, environment)),
    )
  function view(): SiteView {
    const places = settings.hosts().map((host) => ({ host, ...placeOf(host) }))
    const namesOf = (list: typeof places) => list.map(({ host }) => host)
    return renderSite(context.db, {
      manifest: manifestOf(mainEnvironment),
      repository,
      pools: pools(),
      warningsOf: (environment) => warnings.get(environment) ?? [],
      environments: environments(),
      poolHosts: (name) => namesOf(places.filter(({ pool }) => pool?.name === name)),
      environmentHosts: (name) => namesOf(places.filter(({ environment }) => environment === name)),
    })
  }
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const next = queue.then(work)
    queue = next.catch(() => {})
    return next
  }
  const check = (by: string) =>
    inTurn(async () => {
      await source.refresh()
      return lookAtAll(by)
    })

  function hint(): void {
    if (isHinted) return
    isHinted = true
    inTurn(async () => {
      isHinted = false
      await source.refresh()
      await lookAtAll('server')
    }).catch((error: unknown) => context.log.error({ err: error }, 'site.check-failed'))
  }
  /** On the command line, a person signs off in another process. */
  function lookForSignOffs(): void {
    for (const [environment, { held }] of looked) if (held && isSignedOff(environment)) hint()
  }

  await inTurn(async () => {
    // What was fetched before will do for now: a repository that is away must not keep the server from starting.
    if (repository === undefined || repository.remote().fetchedAt === null) await source.refresh()
    await lookAtAll('server')
  })
  return {
    check,
    view,
    pools,
    placeOf,
    revision: (environment = mainEnvironment) => served.get(environment),
    nameOf: (environment) => (environment === mainEnvironment ? (repository?.branch ?? null) : environment),
    hint,
    watch() {
      source.watch(() => check('server'))
      signOffs = setInterval(lookForSignOffs, signOffMs)
      signOffs.unref()
    },
    async close() {
      isClosing = true
      clearInterval(signOffs)
      await source.close()
      await queue
    },
  }
}

const admitted: Admission = { ok: true, warnings: [] }

function isUnwanted(environment: string, wanted: readonly string[]): boolean {
  return environment !== mainEnvironment && !wanted.includes(environment)
}

function tooMany(environment: string): RekindleError {
  return new RekindleError({
    code: 'site-invalid',
    message: `Cannot serve environment "${environment}": there are more than ${mostEnvironments}`,
    hint: 'Put hosts that need no environment of their own in one together',
  })
}
