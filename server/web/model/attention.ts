/** What needs a person now, worst first. What Rekindle handles by itself (a drift that its policy rebuilds) is not on it. */
import type { HostRow, OverviewView, RebuildRow } from '../../http/view.ts'
import type { Tone } from './status.ts'

export interface Attention {
  readonly key: string
  readonly tone: Tone
  readonly word: string
  /** The thing at stake: a host's name, a revision. */
  readonly subject: string
  readonly text: string
  readonly target: { readonly kind: 'host' | 'rebuild'; readonly id: string } | { readonly kind: 'site' }
}

export function listAttention(overview: OverviewView): readonly Attention[] {
  const { hosts, rebuilds, site } = overview
  const held = rebuilds.filter(({ state }) => state === 'held')
  // A host whose rebuild is held is one trouble, not two.
  const inHeld = new Set(held.map(({ host }) => host))
  const of = (status: HostRow['status']) =>
    hosts.filter((host) => host.status === status && !inHeld.has(host.name))
  const policies = new Map(site.pools.map((pool) => [pool.name, pool.drift]))
  return [
    ...held.map(heldRebuild),
    ...of('failed').map((host) => ofHost(host, 'its last run failed')),
    ...refusedSite(site),
    ...unreachableSite(site),
    ...of('silent').map((host) => ofHost(host, 'no word from it when one was due')),
    ...of('drifted')
      .filter((host) => host.rebuild === null && policies.get(host.pool) === 'report')
      .map((host) =>
        ofHost(host, `${count(host.openDrift, 'resource')} drifted, and its pool only reports drift`),
      ),
    ...of('stale').map((host) => ofHost(host, 'it applied another catalog than the one wanted')),
    ...rebuilds.flatMap(waitingRebuild),
  ]
}

function ofHost(host: HostRow, text: string): Attention {
  return {
    key: `host:${host.name}`,
    tone: host.status,
    word: host.status,
    subject: host.name,
    text,
    target: { kind: 'host', id: host.name },
  }
}

function heldRebuild(rebuild: RebuildRow): Attention {
  return {
    key: `rebuild:${rebuild.id}`,
    tone: 'failed',
    word: 'held',
    subject: rebuild.host,
    text: `its rebuild is held: ${rebuild.waiting ?? 'no reason was given'}`,
    target: { kind: 'rebuild', id: rebuild.id },
  }
}

function waitingRebuild(rebuild: RebuildRow): readonly Attention[] {
  if (rebuild.state !== 'requested' || rebuild.waiting === null) return []
  return [
    {
      key: `rebuild:${rebuild.id}`,
      tone: 'rebuilding',
      word: 'waiting',
      subject: rebuild.host,
      text: `its rebuild waits: ${rebuild.waiting}`,
      target: { kind: 'rebuild', id: rebuild.id },
    },
  ]
}

function refusedSite(site: OverviewView['site']): readonly Attention[] {
  const environments = site.environments.map((served) => ({ key: `site:${served.name}`, served }))
  return [{ key: 'site', served: site }, ...environments].flatMap(({ key, served }) => {
    const { refused, revision } = served
    if (refused === null) return []
    const kept = revision === null ? 'nothing is served' : 'hosts stay on the last good revision'
    const waits = refused.approval !== null
    const text = waits
      ? `a policy wants its change approved; ${kept}`
      : `the newest code has ${count(refused.problems.length, 'problem')}; ${kept}`
    const { commit } = refused
    const subject =
      commit === null ? `revision ${refused.revision.slice(0, 12)}` : `commit ${commit.hash.slice(0, 12)}`
    const shown = waits
      ? ({ tone: 'stale', word: 'waits for approval' } as const)
      : ({ tone: 'failed', word: 'refused' } as const)
    return [{ key, ...shown, subject, text, target: { kind: 'site' } }] as const
  })
}

function unreachableSite({ repository }: OverviewView['site']): readonly Attention[] {
  if (repository === null || repository.unreachable === null) return []
  return [
    {
      key: 'site:repository',
      tone: 'silent',
      word: 'unreachable',
      subject: `branch ${repository.branch}`,
      text: 'the repository does not answer; what was fetched before is served',
      target: { kind: 'site' },
    },
  ]
}

/** @example count(2, 'problem') // '2 problems' */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
