/**
 * An nftables table. Its parts: firewall/{ruleset,nft,change,boot-file}.ts.
 *
 * nft writes rules in its own words (`22` becomes `ssh`, `lo` an index and back), so the text of a catalog cannot be held
 * against what the kernel lists. Right after a change the listing is noted together with the hash of the text that made it:
 * as long as text, nft's version and listing are the same, nothing has moved. Without such a note (a table that is there
 * already, another nft) the text is loaded in a network namespace that is thrown away, and what nft lists there decides.
 */
import type { Change, FirewallParams } from '../../schemas/generated/types.ts'
import { sha256 } from '../../schemas/hash.ts'
import type { Host } from '../host/host.ts'
import { cannotApply } from './cannot-apply.ts'
import { textDiff } from './file/text-diff.ts'
import { type BootFile, isBootFile, readBootFile, writeBootFile } from './firewall/boot-file.ts'
import { changeRules, rollbackPath } from './firewall/change.ts'
import { hasNft, list, listScratch, listText, nft } from './firewall/nft.ts'
import { type Listing, leavesItsTable, removing, replacing, tableOf } from './firewall/ruleset.ts'
import type { Instance, Reading, ResourceType, Wanted } from './resource-type.ts'
import { readEachInTurn } from './text-file.ts'

type WantedFirewall = Wanted<FirewallParams>

export interface FirewallState {
  /** What the kernel has. */
  readonly live: Listing | undefined
  /** What nft lists of the wanted rules; undefined: not known, so they are put in. */
  readonly expected: Listing | undefined
  /** What nft is given. */
  readonly transaction: string
  /** A change that nobody confirmed, as when the agent was killed. */
  readonly isUnconfirmed: boolean
  readonly boot: BootFile
}

/** What was listed right after the change that this text made. */
interface Note {
  readonly transaction: string
  readonly ignoreSets: readonly string[]
  readonly listing: Listing
}

function read(host: Host, wanted: readonly WantedFirewall[]): Promise<Reading<FirewallState>> {
  return readEachInTurn(wanted, (one) => readOne(host, one))
}

async function readOne(host: Host, wanted: WantedFirewall): Promise<FirewallState> {
  const { title, params } = wanted
  const { ignoreSets = [] } = params
  const transaction = await transactionOf(host, wanted)
  const live = await list(host, title, ignoreSets)
  return {
    transaction,
    live,
    expected: isAbsent(params) ? undefined : await expectedListing(host, wanted, { transaction, live }),
    isUnconfirmed: host.files.exists(rollbackPath(title)),
    boot: readBootFile(host, tableOf(title)),
  }
}

async function expectedListing(
  host: Host,
  { id, title, params }: WantedFirewall,
  { transaction, live }: { readonly transaction: string; readonly live: Listing | undefined },
): Promise<Listing | undefined> {
  if (live === undefined) return undefined
  const { ignoreSets = [] } = params
  const note = parseNote(host.notes.read(id))
  const isOfThis =
    note?.transaction === sha256(transaction) &&
    isSame(note.ignoreSets, ignoreSets) &&
    note.listing.version === live.version
  return isOfThis ? note.listing : listScratch(host, transaction, { table: tableOf(title), ignoreSets })
}

async function transactionOf(host: Host, { id, title, params, where }: WantedFirewall): Promise<string> {
  const table = tableOf(title)
  if (isAbsent(params) || params.blob === undefined) return removing(table)
  const body = Buffer.from(await host.blobs.read(params.blob.sha256)).toString()
  if (!leavesItsTable(body)) return replacing(table, body)
  throw cannotApply(
    { id, where },
    'the braces of its content do not match, so that it would leave its table',
    {
      code: 'validate-failed',
      kept: 'the rules as they were',
      hint: 'The content is what stands between the braces of the table',
    },
  )
}

function diff({ params }: WantedFirewall, state: FirewallState): readonly Change[] {
  const { live, expected, isUnconfirmed, boot } = state
  const changes: Change[] = []
  if (isAbsent(params)) {
    if (live !== undefined) changes.push({ property: 'ensure', from: 'present', to: 'absent' })
  } else if (live === undefined) changes.push({ property: 'ensure', from: 'absent', to: 'present' })
  else if (expected === undefined || !isSame(live.lines, expected.lines))
    changes.push({ property: 'rules', from: 'other rules', to: 'as declared' })
  if (isUnconfirmed) changes.push({ property: 'confirmed', from: 'false', to: 'true' })
  const bootWanted = bootText(params, state)
  if (!isBootFile(boot, bootWanted))
    changes.push({
      property: 'boot',
      from: boot.file.text === undefined ? 'absent' : 'other rules',
      to: bootWanted === undefined ? 'absent' : 'as declared',
    })
  return changes
}

/** Shows what was added and removed by hand, as far as it is known what was there. */
function explain(
  _host: Host,
  { title }: WantedFirewall,
  { live, expected }: FirewallState,
  changes: readonly Change[],
): Promise<readonly Change[]> {
  const bytes = (listing: Listing) => Buffer.from(`${listing.lines.join('\n')}\n`)
  const text =
    live === undefined || expected === undefined ? undefined : textDiff(title, bytes(live), bytes(expected))
  if (text === undefined) return Promise.resolve(changes)
  return Promise.resolve(changes.map((one) => (one.property === 'rules' ? { ...one, diff: text } : one)))
}

/** The file for the boot comes last: rules that lock everybody out must not be there after a reset either. */
async function apply(
  host: Host,
  wanted: WantedFirewall,
  state: FirewallState,
  changes: readonly Change[],
): Promise<void> {
  const { id, title, params } = wanted
  if (changes.some(({ property }) => property !== 'boot')) {
    await check(host, wanted, state.transaction)
    await changeRules(host, wanted, state.transaction)
    await note(host, wanted, state.transaction)
  }
  if (isAbsent(params)) host.notes.remove(id)
  await writeBootFile(host, readBootFile(host, tableOf(title)), bootText(params, state))
}

async function check(host: Host, wanted: WantedFirewall, transaction: string): Promise<void> {
  if (!hasNft(host.files)) {
    throw cannotApply(wanted, 'there is no nft on this host', {
      hint: 'Declare the package "nftables" before it',
    })
  }
  await nft(host, ['--check', '-f', '-'], {
    wanted,
    stdin: transaction,
    code: 'validate-failed',
    doing: `Cannot apply ${wanted.id}`,
    kept: 'the rules as they were',
  })
}

async function note(host: Host, { id, title, params }: WantedFirewall, transaction: string): Promise<void> {
  const { ignoreSets = [] } = params
  const listing = await list(host, title, ignoreSets)
  if (listing === undefined) return
  const one: Note = { transaction: sha256(transaction), ignoreSets, listing }
  await host.notes.save(id, JSON.stringify(one))
}

function parseNote(text: string | undefined): Note | undefined {
  // The agent's own file, whole or not there.
  return text === undefined ? undefined : (JSON.parse(text) as Note)
}

function bootText(params: FirewallParams, { transaction }: FirewallState): string | undefined {
  return isAbsent(params) || params.persist === false ? undefined : transaction
}

async function inspect(host: Host, title: string | undefined): Promise<readonly Instance[]> {
  const titles = title === undefined ? await listTitles(host) : [title]
  const instances: Instance[] = []
  for (const one of titles) {
    const text = await listText(host, one)
    if (text === undefined) continue
    const isKept = readBootFile(host, tableOf(one)).file.text !== undefined
    const content = text
      .trimEnd()
      .split('\n')
      .slice(1, -1)
      .map((line) => line.replace(/^\t/, ''))
      .join('\n')
    instances.push({ title: one, params: { content: `${content}\n`, ...(isKept ? {} : { persist: false }) } })
  }
  return instances
}

async function listTitles({ exec, files }: Host): Promise<readonly string[]> {
  if (!hasNft(files)) return []
  const { stdout } = await exec.run(['nft', 'list', 'tables'])
  return stdout.split('\n').flatMap((line) => /^table (\S+ \S+)$/.exec(line)?.[1] ?? [])
}

function isAbsent({ ensure }: FirewallParams): boolean {
  return ensure === 'absent'
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index])
}

export const firewall = {
  name: 'firewall',
  read,
  diff,
  apply,
  explain,
  inspect,
} satisfies ResourceType<FirewallParams, FirewallState>
