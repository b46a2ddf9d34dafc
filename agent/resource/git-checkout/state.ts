/** Pure: what git says of a checkout, and which commit is wanted. */
import type { GitCheckoutParams } from '../../../schemas/generated/types.ts'
import type { Wanted } from '../resource-type.ts'

export type WantedCheckout = Wanted<GitCheckoutParams>

export type CheckoutState =
  | { readonly kind: 'absent' }
  /** Something else stands at the path, or what git cannot read; `isEmpty` when it is a directory with nothing in it. */
  | { readonly kind: 'other'; readonly what: string; readonly isEmpty: boolean }
  /**
   * It belongs to somebody else than who is to run git, who would be refused to look into it. Trusted: to root, whose
   * programs anybody runs. The configuration of others can name programs, which git would run.
   */
  | { readonly kind: 'foreign'; readonly owner: string; readonly isTrusted: boolean }
  | Checkout

export interface Checkout {
  readonly kind: 'checkout'
  /** Absent: nothing was ever checked out. */
  readonly head: string | undefined
  readonly url: string | undefined
  /** Paths that differ from `head`, relative to the checkout. */
  readonly modified: readonly string[]
  /** Paths that git was told to take for unchanged, whatever is in them. */
  readonly hidden: readonly string[]
  /** Files that git does not know; read only where they count. */
  readonly untracked: readonly string[]
  /** The commit that is wanted; undefined when it is not here yet. */
  readonly commit: string | undefined
  /** Paths of submodules that are not at the commit that the revision names. */
  readonly submodules: readonly string[]
}

export interface Status {
  readonly head: string | undefined
  readonly modified: readonly string[]
  readonly untracked: readonly string[]
}

/** @param text what `git status --porcelain=v2 --branch -z` prints (git-status(1), "Porcelain Format Version 2") */
export function parseStatus(text: string): Status {
  const modified: string[] = []
  const untracked: string[] = []
  let head: string | undefined
  const entries = text.split('\0').values()
  for (const entry of entries) {
    const [kind = ''] = entry
    if (entry.startsWith('# branch.oid ')) head = headIn(entry.slice('# branch.oid '.length))
    else if (kind === '?') untracked.push(entry.slice(2))
    else if (kind === '1') modified.push(after(entry, 8))
    else if (kind === 'u') modified.push(after(entry, 10))
    else if (kind === '2') {
      modified.push(after(entry, 9))
      // The name that it had before stands in an entry of its own.
      const from = entries.next().value
      if (from !== undefined) modified.push(from)
    }
  }
  return { head, modified, untracked }
}

function headIn(oid: string): string | undefined {
  return oid === '(initial)' ? undefined : oid
}

/** What follows so many fields and their spaces. */
function after(entry: string, fields: number): string {
  return entry.split(' ').slice(fields).join(' ')
}

/**
 * Files that carry a flag for which git does not look at them.
 *
 * @param text what `git ls-files -v -z` prints: a letter, small where assume-unchanged is set, `S` for skip-worktree
 */
export function parseHidden(text: string): readonly string[] {
  return text
    .split('\0')
    .filter((entry) => /^[a-zS] /.test(entry))
    .map((entry) => entry.slice(2))
}

/** Addresses without user, password and token, in whatever text. */
export function withoutSecrets(text: string): string {
  return text.replaceAll(/(https?:\/\/)[^/@\s'"]+@/g, '$1[redacted]@')
}

/** @param text what `git submodule status --recursive` prints: a sign, the commit, the path, and maybe a name in brackets */
export function parseSubmodules(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => /^[-+U]/.test(line))
    .map((line) => line.slice(line.indexOf(' ') + 1).replace(/ \([^()]*\)$/, ''))
}

/** Names and commits, as `for-each-ref` and `ls-remote` tell them: a tag that is an object of its own comes with its commit. */
export type Refs = ReadonlyMap<string, string>

/** @param text what `git ls-remote` prints */
export function parseRemoteRefs(text: string): Refs {
  return new Map(
    text
      .split('\n')
      .filter((line) => line.includes('\t'))
      .map((line): [string, string] => {
        const [commit = '', name = ''] = line.split('\t')
        return [name, commit]
      }),
  )
}

/** The commit of a branch or tag on the remote. Branches win, as with `git clone --branch`. */
export function remoteCommit(refs: Refs, revision: string): string | undefined {
  return (
    refs.get(`refs/heads/${revision}`) ??
    refs.get(`refs/tags/${revision}^{}`) ??
    refs.get(`refs/tags/${revision}`)
  )
}

/** Of 40 digits: there is nothing to ask for. */
export function isFullCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision)
}

export function isShortCommit(revision: string): boolean {
  return /^[0-9a-f]{7,39}$/.test(revision)
}
