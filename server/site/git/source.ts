/** A site in a git repository that is followed: asked again and again, and at once when it says that it has changed. */
import { setTimeout as delay } from 'node:timers/promises'
import { RekindleError, toError } from '../../../schemas/errors.ts'
import type { GitSite } from '../../../schemas/generated/types.ts'
import type { Context } from '../../context.ts'
import { findRemote, type Remote, saveRemote } from '../../store/site.ts'
import { mainEnvironment, type Source } from '../source.ts'
import { environmentsIn } from './environments.ts'
import { openMirror } from './mirror.ts'
import { parseRemoteUrl } from './url.ts'

const defaultPollSeconds = 60

/** @param dir folder for what is kept of the repository */
export async function openRepository(context: Context, site: GitSite, dir: string): Promise<Source> {
  const closing = new AbortController()
  const { log, db } = context
  if (parseRemoteUrl(site.git).isPlain) log.warn({ url: site.git }, 'site.insecure-url')
  const mirror = await openMirror(site, dir, closing.signal)
  let polling: Promise<void> = Promise.resolve()

  const remote = (): Remote =>
    findRemote(db, site.git) ?? { fetchedAt: null, failingSince: null, problem: null }
  function fetched(error: unknown): void {
    const { fetchedAt, failingSince, problem } = remote()
    const now = context.now()
    if (error === undefined) {
      if (failingSince !== null) log.info({ url: site.git }, 'site.reachable')
      saveRemote(db, site.git, { fetchedAt: now, failingSince: null, problem: null })
    } else {
      const { message } = toError(error)
      if (message !== problem) log.error({ url: site.git, problem: message }, 'site.unreachable')
      saveRemote(db, site.git, { fetchedAt, failingSince: failingSince ?? now, problem: message })
    }
    if ((failingSince === null) !== (error === undefined)) context.live.emit({ type: 'site' })
  }
  const refresh = async (): Promise<void> => {
    if (closing.signal.aborted) return
    const error: unknown = await mirror.fetch().then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (!closing.signal.aborted) fetched(error)
  }
  async function find(environment: string) {
    const name = environment === mainEnvironment ? site.branch : environment
    const commit = await mirror.find(name)
    if (commit === undefined) throw missing(name, remote())
    const { hash } = commit
    return {
      commit,
      withFiles: <Result>(use: (dir: string) => Promise<Result>) => mirror.withFiles(hash, use),
    }
  }
  async function poll(onChange: () => Promise<unknown>): Promise<void> {
    const pollMs = (site.pollSeconds ?? defaultPollSeconds) * 1000
    while (!closing.signal.aborted) {
      await onChange().catch((error: unknown) => log.error({ err: error }, 'site.check-failed'))
      await delay(pollMs, undefined, { signal: closing.signal, ref: false }).catch(() => {})
    }
  }

  return {
    refresh,
    find,
    repository: {
      url: site.git,
      ...environmentsIn(site),
      remote,
      isAncestor: mirror.isAncestor,
    },
    watch(onChange) {
      polling = poll(onChange)
    },
    async close() {
      closing.abort()
      await polling
    },
  }
}

function missing(name: string, { fetchedAt, problem }: Remote): RekindleError {
  const never = fetchedAt === null && problem !== null
  return new RekindleError({
    code: 'site-invalid',
    message: never ? problem : `Cannot follow "${name}": the repository has no such branch or tag`,
    hint: never ? 'The repository has never answered' : undefined,
  })
}
