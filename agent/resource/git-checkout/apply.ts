/** Brings a checkout to its revision. What is there stays until what is wanted is whole. */
import type { RekindleError } from '../../../schemas/errors.ts'
import type { Host } from '../../host/host.ts'
import { cannotApply, cannotReplace } from '../cannot-apply.ts'
import { readNames } from '../file/names.ts'
import { type Git, gitOf } from './git.ts'
import { readCheckout, readStatus } from './read.ts'
import {
  type Checkout,
  type CheckoutState,
  isFullCommit,
  isShortCommit,
  parseRemoteRefs,
  remoteCommit,
  type WantedCheckout,
} from './state.ts'

export async function applyCheckout(
  host: Host,
  wanted: WantedCheckout,
  actual: CheckoutState,
): Promise<void> {
  if (wanted.params.ensure === 'absent') return remove(host, wanted)
  switch (actual.kind) {
    case 'foreign':
      if (actual.isTrusted) return takeOver(host, wanted)
      assertForced(wanted, `it belongs to "${actual.owner}", whose configuration git would follow`)
      return clone(host, wanted)
    case 'checkout':
      return update(host, wanted, actual)
    case 'other':
      if (!actual.isEmpty) assertForced(wanted, actual.what)
      return clone(host, wanted)
    case 'absent':
      return clone(host, wanted)
    default:
      return actual satisfies never
  }
}

async function remove(host: Host, wanted: WantedCheckout): Promise<void> {
  assertForced(wanted, 'it is removed with all that is in it')
  await host.write.remove(wanted.title)
}

function assertForced(wanted: WantedCheckout, reason: string): void {
  if (wanted.params.force !== true) throw cannotReplace(wanted, reason, 'Set force to true')
}

/** Given to its user first: what is in it can only be looked at as that user. */
async function takeOver(host: Host, wanted: WantedCheckout): Promise<void> {
  const { title, params } = wanted
  const owner = params.user ?? 'root'
  const argv = ['chown', '--recursive', '--no-dereference', `${owner}:`, '--', title]
  const { code, stderr } = await host.exec.run(argv)
  if (code !== 0) throw cannotApply(wanted, `chown answers "${stderr.trim()}"`)
  const now = await readCheckout(host, wanted)
  if (now.kind === 'checkout') await update(host, wanted, now)
}

async function clone(host: Host, wanted: WantedCheckout): Promise<void> {
  const { title, params } = wanted
  const tree = await host.trees.makeBeside(title, ownerIn(host, wanted))
  try {
    const git = gitOf(host, wanted)
    await git.run(tree, ['init', '--quiet', '.'], 'cannot make a repository')
    await git.run(tree, ['remote', 'add', 'origin', params.url ?? ''], 'cannot set its remote')
    await checkOut(git, wanted, { tree, commit: await fetch(git, wanted, tree) })
    await host.write.setAttributes(tree, { mode: 0o755 })
    // Kept as files: what stood there was no checkout of ours.
    if (host.files.stat(title) !== undefined) await host.backups.put(title)
    await host.trees.moveIn(tree, title)
  } catch (error) {
    await host.trees.remove(tree)
    throw error
  }
}

function ownerIn(host: Host, wanted: WantedCheckout): { readonly uid?: number; readonly gid?: number } {
  const { user } = wanted.params
  if (user === undefined) return {}
  const uid = readNames(host.files).uidOf(user)
  if (uid === undefined)
    throw cannotReplace(wanted, `user "${user}" does not exist`, `Declare user "${user}"`)
  return { uid }
}

async function update(host: Host, wanted: WantedCheckout, actual: Checkout): Promise<void> {
  const { title, params } = wanted
  const git = gitOf(host, wanted)
  const changed = [...actual.modified, ...actual.hidden, ...actual.untracked]
  if (changed.length > 0 && params.force === false) throw localChanges(wanted, changed)
  await removeStaleLocks(host, wanted)
  if (actual.url !== params.url) await setUrl(git, wanted, actual.url)
  const commit = await presentCommit(git, wanted, actual)
  await keep(host, git, wanted, { actual, commit })
  // Forgets the flags too, for which files are not looked at; those are written anew then.
  if (actual.hidden.length > 0) await git.run(title, ['read-tree', '--empty'], 'cannot reset its index')
  await checkOut(git, wanted, { tree: title, commit })
  if (params.untracked === 'report') await clean(host, git, wanted)
}

/** Only now it is known what is untracked: it depends on what the revision tracks and ignores. */
async function clean(host: Host, git: Git, wanted: WantedCheckout): Promise<void> {
  const { title, params } = wanted
  const { modified, untracked } = await readStatus(git, wanted)
  for (const name of [...modified, ...untracked]) {
    const path = `${title}/${name}`
    if (host.files.stat(path) !== undefined) await host.backups.put(path)
  }
  const argv = ['clean', '-ffd', '--quiet']
  await git.run(title, argv, 'cannot remove untracked files')
  if (params.submodules !== true) return
  const each = ['submodule', '--quiet', 'foreach', '--recursive', `git ${argv.join(' ')}`]
  await git.run(title, each, 'cannot remove untracked files of its submodules')
}

/** A git that was killed, by a loss of power too, leaves its locks. None of ours lives for longer than its time limit. */
async function removeStaleLocks(host: Host, { title, params }: WantedCheckout): Promise<void> {
  const { revision = '', timeout = 300 } = params
  const locked = [
    ...['index', 'HEAD', 'config', 'packed-refs', 'shallow'],
    ...['deployed', 'previous', `revision/${revision}`].map((name) => `refs/rekindle/${name}`),
  ]
  for (const name of locked) {
    const path = `${title}/.git/${name}.lock`
    const lock = host.files.stat(path)
    const isStale = lock !== undefined && Date.now() - lock.mtimeMs > timeout * 1000
    if (isStale) await host.write.remove(path)
  }
}

async function setUrl(git: Git, { title, params }: WantedCheckout, found: string | undefined): Promise<void> {
  const verb = found === undefined ? 'add' : 'set-url'
  await git.run(title, ['remote', verb, 'origin', params.url ?? ''], 'cannot set its remote')
}

/** The wanted commit, fetched where it is not here. */
async function presentCommit(git: Git, wanted: WantedCheckout, { commit }: Checkout): Promise<string> {
  if (commit !== undefined) {
    const found = await git.ask(wanted.title, ['cat-file', '-e', `${commit}^{commit}`])
    if (found !== undefined) return commit
  }
  return fetch(git, wanted, wanted.title)
}

/** What leads to a commit that came from the remote, or is kept already. */
const notLocal = ['refs/remotes/origin', 'refs/tags', 'refs/rekindle']

/**
 * What is about to be lost: files with local changes, and commits that nothing else names. A commit that came from the
 * remote gets a name for as long as it is left: `refs/rekindle/deployed` is that of the next one from now on.
 */
async function keep(
  host: Host,
  git: Git,
  { title }: WantedCheckout,
  { actual, commit }: { readonly actual: Checkout; readonly commit: string },
): Promise<void> {
  for (const name of [...actual.modified, ...actual.hidden]) {
    const path = `${title}/${name}`
    if (host.files.stat(path) !== undefined) await host.backups.put(path)
  }
  const { head } = actual
  if (head === undefined || head === commit) return
  const named = await git.ask(title, ['for-each-ref', '--count=1', `--contains=${head}`, ...notLocal])
  const isLocal = named === undefined || named === ''
  const name = isLocal ? `kept/${head}` : 'previous'
  await git.run(title, ['update-ref', `refs/rekindle/${name}`, head], 'cannot keep its local commits')
}

/** @returns the commit that the revision is on the remote, which is here now */
async function fetch(git: Git, wanted: WantedCheckout, tree: string): Promise<string> {
  const { revision = '', depth } = wanted.params
  const listed = await git.run(tree, ['ls-remote', 'origin'], 'cannot ask its remote')
  const refs = parseRemoteRefs(listed)
  const commit = isFullCommit(revision) ? revision : remoteCommit(refs, revision)
  if (commit === undefined && !isShortCommit(revision))
    throw cannotReplace(wanted, `the remote has no branch or tag "${revision}"`)
  // Only full names of commits can be asked for, and not every server gives one that no name leads to.
  const isAlone = depth !== undefined && commit !== undefined
  const what = isAlone
    ? [`--depth=${depth}`, 'origin', commit]
    : ['--prune', '--tags', 'origin', '+refs/heads/*:refs/remotes/origin/*']
  await git.run(tree, ['fetch', '--quiet', '--force', '--no-write-fetch-head', ...what], 'cannot fetch')
  const found = await git.ask(tree, [
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${commit ?? revision}^{commit}`,
  ])
  if (found === undefined) throw cannotReplace(wanted, `the remote has no commit "${revision}"`)
  return found.trimEnd()
}

/**
 * Notes which commit came from the remote, before it is there: one that an agent was killed over would be taken for a local
 * one. And which one a name stood for: a branch that moves on is followed only where that is asked for.
 */
async function checkOut(
  git: Git,
  { params }: WantedCheckout,
  { tree, commit }: { readonly tree: string; readonly commit: string },
): Promise<void> {
  const { revision = '', submodules } = params
  await git.run(tree, ['update-ref', 'refs/rekindle/deployed', commit], 'cannot note the revision')
  await git.run(tree, ['checkout', '--quiet', '--force', '--detach', commit], 'cannot check out the revision')
  // A merge that somebody began ends here.
  await git.run(tree, ['reset', '--quiet', '--hard', commit], 'cannot reset to the revision')
  if (submodules === true) {
    const argv = ['submodule', '--quiet', 'update', '--init', '--recursive', '--force']
    await git.run(
      tree,
      ['submodule', '--quiet', 'sync', '--recursive'],
      'cannot set the remotes of its submodules',
    )
    await git.run(tree, argv, 'cannot check out its submodules')
  }
  if (!isFullCommit(revision))
    await git.run(
      tree,
      ['update-ref', `refs/rekindle/revision/${revision}`, commit],
      'cannot note the revision',
    )
}

function localChanges(wanted: WantedCheckout, names: readonly string[]): RekindleError {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : ''
  return cannotReplace(
    wanted,
    `it has local changes in ${names.slice(0, 5).join(', ')}${more}`,
    'Set force to true to reset them',
  )
}
