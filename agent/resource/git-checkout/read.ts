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
  parseHidden,
  parseRemoteRefs,
  parseStatus,
  parseSubmodules,
  remoteCommit,
  type Status,
  type WantedCheckout,
  withoutSecrets,
} from './state.ts'

export async function readCheckout(host: Host, wanted: WantedCheckout): Promise<CheckoutState> {
  const { title, params } = wanted
  const stat = host.files.stat(title)
  if (stat === undefined) return { kind: 'absent' }
  if (stat.kind !== 'directory' || host.files.stat(`${title}/.git`) === undefined) {
    const isEmpty = stat.kind === 'directory' && host.files.list(title).length === 0
    return { kind: 'other', what: `a ${stat.kind} that is no checkout`, isEmpty }
  }
  if (params.ensure === 'absent') return absentee
  return foreign(host, wanted) ?? readFull(wanted, gitOf(host, wanted))
}

/** Both that git looks at: whoever owns one of them decides what git does. */
function foreign({ files }: Host, { title, params }: WantedCheckout): CheckoutState | undefined {
  const names = readNames(files)
  const wanted = params.user ?? 'root'
  const uids = [title, `${title}/.git`].map((path) => files.stat(path)?.uid ?? 0)
  const others = uids.filter((uid) => names.ownerOf(uid) !== wanted)
  const [owner] = [...others.filter((uid) => uid !== 0), ...others]
  if (owner === undefined) return undefined
  return { kind: 'foreign', owner: names.ownerOf(owner), isTrusted: owner === 0 }
}

/** Of what is to go, nothing else matters. */
const absentee: Checkout = {
  kind: 'checkout',
  head: undefined,
  url: undefined,
  modified: [],
  hidden: [],
  untracked: [],
  commit: undefined,
  submodules: [],
}

async function readFull(wanted: WantedCheckout, git: Git): Promise<CheckoutState> {
  const { title, params } = wanted
  if ((await git.ask(title, ['rev-parse', '--git-dir'])) === undefined)
    return { kind: 'other', what: 'a checkout that git cannot read', isEmpty: false }
  const parsed = await readStatus(git, wanted)
  const submodules =
    params.submodules === true ? await git.ask(title, ['submodule', 'status', '--recursive']) : ''
  return {
    kind: 'checkout',
    ...parsed,
    hidden: parseHidden((await git.ask(title, ['ls-files', '-v', '-z'])) ?? ''),
    url: (await git.ask(title, ['config', '--local', '--get', 'remote.origin.url']))?.trimEnd(),
    commit: await wantedCommit(git, wanted, parsed.head),
    submodules: parseSubmodules(submodules ?? ''),
  }
}

/** @throws RekindleError `resource-unreadable` */
export async function readStatus(git: Git, { id, title, params, where }: WantedCheckout): Promise<Status> {
  const untracked = params.untracked === 'report' ? 'all' : 'no'
  // Whatever .gitmodules says: what is checked out here is looked at, and what is not stays as it is.
  const submodules = params.submodules === true ? 'none' : 'all'
  const status = await git.ask(title, [
    ...['status', '--porcelain=v2', '--branch', '-z'],
    ...[`--untracked-files=${untracked}`, `--ignore-submodules=${submodules}`],
  ])
  if (status !== undefined) return parseStatus(status)
  throw new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot read ${id}: git cannot tell the state of the checkout`,
    where,
    hint: `See: git -C ${title} status`,
  })
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

/** A tag can be followed as a branch can: some move one to what is to be deployed. */
async function remoteTip(git: Git, { id, title, params, where }: WantedCheckout): Promise<string> {
  const { url = '', revision = '' } = params
  const names = [`refs/heads/${revision}`, `refs/tags/${revision}`, `refs/tags/${revision}^{}`]
  const listed = await git.ask(title, ['ls-remote', '--', url, ...names])
  const tip = listed === undefined ? undefined : remoteCommit(parseRemoteRefs(listed), revision)
  if (tip !== undefined) return tip
  const shown = withoutSecrets(url)
  throw new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot read ${id}: ${listed === undefined ? `the remote "${shown}" does not answer` : `the remote has no branch or tag "${revision}"`}`,
    where,
    kept: 'the checkout as it was',
    hint: listed === undefined ? `See: git ls-remote ${shown}` : undefined,
  })
}
