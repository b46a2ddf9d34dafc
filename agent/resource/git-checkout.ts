/** A git checkout. Its parts: git-checkout/{state,git,read,apply}.ts. */
import type { Change, GitCheckoutParams } from '../../schemas/generated/types.ts'
import type { Host } from '../host/host.ts'
import { readNames } from './file/names.ts'
import { applyCheckout } from './git-checkout/apply.ts'
import { readCheckout } from './git-checkout/read.ts'
import { type CheckoutState, type WantedCheckout, withoutSecrets } from './git-checkout/state.ts'
import type { Instance, Reading, ResourceType } from './resource-type.ts'
import { readEachInTurn } from './text-file.ts'

const shownFiles = 5

function read(host: Host, wanted: readonly WantedCheckout[]): Promise<Reading<CheckoutState>> {
  return readEachInTurn(wanted, (one) => readCheckout(host, one))
}

function diff({ params }: WantedCheckout, actual: CheckoutState): readonly Change[] {
  if (params.ensure === 'absent')
    return actual.kind === 'absent' ? [] : [{ property: 'ensure', from: 'present', to: 'absent' }]
  if (actual.kind === 'absent') return [{ property: 'ensure', from: 'absent', to: 'present' }]
  if (actual.kind === 'other') return [{ property: 'ensure', from: actual.what, to: 'present' }]
  if (actual.kind === 'foreign') return [{ property: 'user', from: actual.owner, to: params.user ?? 'root' }]
  const { url = '', revision = '' } = params
  const { head, commit, modified, hidden, untracked, submodules } = actual
  return [
    ...(actual.url === url ? [] : [diffUrl(actual.url, url)]),
    ...(head !== undefined && head === commit
      ? []
      : [{ property: 'revision', from: head ?? null, to: commit ?? revision }]),
    ...(modified.length === 0 ? [] : [{ property: 'local', from: show('changed', modified), to: 'none' }]),
    ...(hidden.length === 0 ? [] : [{ property: 'hidden', from: show('not looked at', hidden), to: 'none' }]),
    ...(untracked.length === 0
      ? []
      : [{ property: 'untracked', from: show('untracked', untracked), to: 'none' }]),
    ...(submodules.length === 0
      ? []
      : [{ property: 'submodules', from: show('other', submodules), to: 'as named by the revision' }]),
  ]
}

/** An address may carry a password, and two that differ in nothing else still differ. */
function diffUrl(from: string | undefined, to: string): Change {
  const change = {
    property: 'url',
    from: from === undefined ? null : withoutSecrets(from),
    to: withoutSecrets(to),
  }
  return change.from === change.to ? { ...change, from: '[redacted]', to: '[redacted]' } : change
}

function apply(host: Host, wanted: WantedCheckout, actual: CheckoutState): Promise<void> {
  return applyCheckout(host, wanted, actual)
}

function show(what: string, names: readonly string[]): string {
  const more = names.length > shownFiles ? `, and ${names.length - shownFiles} more` : ''
  return `${what}: ${names.slice(0, shownFiles).join(', ')}${more}`
}

/** There is no list of a host's checkouts; one is told by its path. */
async function inspect(host: Host, title: string | undefined): Promise<readonly Instance[]> {
  if (title === undefined) return []
  const owner = host.files.stat(title)?.uid === 0 ? undefined : ownerOf(host, title)
  const params = { ...(owner === undefined ? {} : { user: owner }), revision: '0'.repeat(40) }
  const actual = await readCheckout(host, { id: `git_checkout:${title}`, title, params, where: 'inspect' })
  if (actual.kind !== 'checkout' || actual.head === undefined || actual.url === undefined) return []
  return [
    {
      title,
      params: { url: actual.url, revision: actual.head, ...(owner === undefined ? {} : { user: owner }) },
    },
  ]
}

function ownerOf({ files }: Host, path: string): string | undefined {
  const uid = files.stat(path)?.uid
  if (uid === undefined) return undefined
  return readNames(files).ownerOf(uid)
}

/** HEAD and the index are replaced by each commit, checkout and reset; an edit of a file is left to the poll. */
function watch({ title }: WantedCheckout): readonly string[] {
  return [title, `${title}/.git/HEAD`, `${title}/.git/index`]
}

export const gitCheckout = {
  name: 'git_checkout',
  read,
  diff,
  apply,
  inspect,
  watch,
} satisfies ResourceType<GitCheckoutParams, CheckoutState>
