/** What stands at the path. Asks the remote only where its branch is tracked. */
import { RekindleError } from '../../../schemas/errors.ts'
import type { Host } from '../../host/host.ts'
import { readNames } from '../file/names.ts'
import { type Git, gitOf } from './git.ts'
import {
  type Checkout,
  type CheckoutState,
  isFullCommit,
  isShortCommit,
  parseRemoteRefs,
  parseStatus,
  parseSubmodules,
  type WantedCheckout,
} from './state.ts'

export async function readCheckout(host: Host, wanted: WantedCheckout): Promise<CheckoutState> {
  const { title, params } = wanted
  const stat = host.files.stat(title)
  if (stat === undefined) return { kind: 'absent' }
  if (stat.kind !== 'directory' || host.files.stat(`${title}/.git`) === undefined) {
    const isEmpty = stat.kind === 'directory' && host.files.list(title).length === 0
    return { kind: 'other', what: `a ${stat.kind} that is no checkout`, isEmpty }
  }
  const names = readNames(host.files)
  const owner = names.ownerOf(stat.uid)
  if (params.ensure !== 'absent' && owner !== (params.user ?? 'root')) return { kind: 'foreign', owner }
  if (params.ensure === 'absent') return absentee
  return readFull(wanted, gitOf(host, wanted))
}

/** Of what is to go, nothing else matters. */
const absentee: Checkout = {
  kind: 'checkout',
  head: undefined,
  url: undefined,
  modified: [],
  untracked: [],
  commit: undefined,
  submodules: [],
}

async function readFull({ id, title, params, where }: WantedCheckout, git: Git): Promise<Checkout> {
  const untracked = params.untracked === 'report' ? 'all' : 'no'
  const status = await git.ask(title, [
    'status',
    '--porcelain=v2',
    '--branch',
    '-z',
    `--untracked-files=${untracked}`,
  ])
  if (status === undefined) {
    throw new RekindleError({
      code: 'resource-unreadable',
      message: `Cannot read ${id}: git cannot tell the state of the checkout`,
      where,
      hint: `See: git -C ${title} status`,
    })
  }
  const parsed = parseStatus(status)
  const submodules =
    params.submodules === true ? await git.ask(title, ['submodule', 'status', '--recursive']) : ''
  return {
    kind: 'checkout',
    ...parsed,
    url: (await git.ask(title, ['config', '--local', '--get', 'remote.origin.url']))?.trimEnd(),
    commit: await wantedCommit(git, { id, title, params, where }, parsed.head),
    submodules: parseSubmodules(submodules ?? ''),
  }
}

async function wantedCommit(
  git: Git,
  wanted: WantedCheckout,
  head: string | undefined,
): Promise<string | undefined> {
  const { title, params } = wanted
  const { revision = '' } = params
  if (params.track === true) return remoteTip(git, wanted)
  if (isFullCommit(revision)) return revision
  if (isShortCommit(revision) && head?.startsWith(revision) === true) return head
  // What was checked out for this name, whatever the remote has moved it to since.
  for (const name of [
    `refs/rekindle/revision/${revision}`,
    `refs/tags/${revision}`,
    ...(isShortCommit(revision) ? [revision] : []),
  ]) {
    const found = await git.ask(title, [
      'rev-parse',
      '--verify',
      '--quiet',
      '--end-of-options',
      `${name}^{commit}`,
    ])
    if (found !== undefined) return found.trimEnd()
  }
  return undefined
}

async function remoteTip(git: Git, { id, title, params, where }: WantedCheckout): Promise<string> {
  const { url = '', revision = '' } = params
  const name = `refs/heads/${revision}`
  const listed = await git.ask(title, ['ls-remote', '--', url, name])
  const tip = listed === undefined ? undefined : parseRemoteRefs(listed).get(name)
  if (tip !== undefined) return tip
  throw new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot read ${id}: ${listed === undefined ? `the remote "${url}" does not answer` : `the remote has no branch "${revision}"`}`,
    where,
    kept: 'the checkout as it was',
    hint: listed === undefined ? `See: git ls-remote ${url}` : undefined,
  })
}
