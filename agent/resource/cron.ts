/**
 * Entries of users' crontabs: one file is read for a user, and one crontab(1) run, however many entries there are. A title
 * is one entry on a host, so that an entry whose user has changed does not go on as the old one.
 */
import { toError } from '../../schemas/errors.ts'
import type { Change, CronParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import { crontabPaths, crontabUsers, readCrontab, writeCrontab } from './cron/crontab.ts'
import {
  findEntry,
  hasUnmarked,
  listEntries,
  listTitles,
  parseEntry,
  putEntry,
  removeEntry,
  renderEntry,
} from './cron/crontab-text.ts'
import { ofTitle } from './instance.ts'
import type { Instance, Reading, ResourceType, Step, Wanted } from './resource-type.ts'

type WantedCron = Wanted<CronParams>

export interface CronState {
  /** The user's crontab as `crontab -l` prints it; empty when there is none. */
  readonly text: string
  /** Other users who have an entry of that title. */
  readonly strayUsers: readonly string[]
}

function read(host: Host, wanted: readonly WantedCron[]): Reading<CronState> {
  const found = new Map<ResourceId, CronState | Error>()
  const texts = new Map<string, string | Error>()
  const textOf = (user: string) => {
    const text = texts.get(user) ?? attempt(() => readCrontab(host, user).text)
    texts.set(user, text)
    return text
  }
  const owners = attempt(() => ownersByTitle(crontabUsers(host), textOf))
  for (const [user, group] of Map.groupBy(wanted, ({ params }) => params.user)) {
    const text = textOf(user)
    for (const { id, title } of group) found.set(id, stateOf(user, text, owners, title))
  }
  return found
}

function stateOf(
  user: string,
  text: string | Error,
  owners: Owners | Error,
  title: string,
): CronState | Error {
  if (text instanceof Error) return text
  if (owners instanceof Error) return owners
  return { text, strayUsers: (owners.get(title) ?? []).filter((owner) => owner !== user) }
}

type Owners = ReadonlyMap<string, readonly string[]>

/** A crontab that cannot be read fails the entries of its own user, and no others. */
function ownersByTitle(users: readonly string[], textOf: (user: string) => string | Error): Owners {
  const owners = new Map<string, string[]>()
  for (const user of users) {
    const text = textOf(user)
    for (const title of new Set(text instanceof Error ? [] : listTitles(text)))
      owners.set(title, [...(owners.get(title) ?? []), user])
  }
  return owners
}

function attempt<Result>(look: () => Result): Result | Error {
  try {
    return look()
  } catch (error) {
    return toError(error)
  }
}

function diff({ title, params }: WantedCron, { text, strayUsers }: CronState): readonly Change[] {
  const line = lineOf(params)
  const there = findEntry(text, title)
  if (params.ensure === 'absent') {
    const isThere =
      there !== undefined || strayUsers.length > 0 || (line !== undefined && hasUnmarked(text, line))
    return isThere ? [{ property: 'ensure', from: 'present', to: 'absent' }] : []
  }
  if (line === undefined) return []
  const moves = strayUsers.map((from) => ({ property: 'user', from, to: params.user }))
  if (there?.line === undefined) return [{ property: 'ensure', from: 'absent', to: 'present' }, ...moves]
  return [
    ...(there.line === line ? [] : [{ property: 'entry', from: there.line, to: line }]),
    ...(there.count === 1 ? [] : [{ property: 'entries', from: String(there.count), to: '1' }]),
    ...moves,
  ]
}

function lineOf(params: CronParams): string | undefined {
  return params.command === undefined ? undefined : renderEntry(params)
}

function apply(host: Host, wanted: WantedCron, actual: CronState, changes: readonly Change[]): Promise<void> {
  return applyMany(host, [{ wanted, actual, changes }])
}

interface Edit {
  readonly user: string
  readonly wanted: WantedCron
  readonly isRemoval: boolean
  of(text: string): string
}

/** One crontab(1) for each user. Moved entries come before they go: rather twice for a moment than not at all. */
async function applyMany(host: Host, steps: readonly Step<CronParams, CronState>[]): Promise<void> {
  const edits = [...steps.map(({ wanted }) => ownEdit(wanted)), ...steps.flatMap(strayEdits)]
  for (const [user, group] of Map.groupBy(edits, (edit) => edit.user)) {
    const [first] = group
    if (first === undefined) continue
    // Someone may have edited it since it was read.
    const crontab = readCrontab(host, user)
    await writeCrontab(host, {
      crontab,
      after: group.reduce((text, edit) => edit.of(text), crontab.text),
      isRemoval: group.every(({ isRemoval }) => isRemoval),
      wanted: first.wanted,
    })
  }
}

function ownEdit(wanted: WantedCron): Edit {
  const { title, params } = wanted
  const line = lineOf(params)
  const isRemoval = params.ensure === 'absent'
  const of = (text: string) => {
    if (isRemoval) return removeEntry(text, title, line)
    return line === undefined ? text : putEntry(text, title, line)
  }
  return { user: params.user, wanted, isRemoval, of }
}

function strayEdits({ wanted, actual }: Step<CronParams, CronState>): readonly Edit[] {
  const of = (text: string) => removeEntry(text, wanted.title, undefined)
  return actual.strayUsers.map((user) => ({ user, wanted, isRemoval: true, of }))
}

/** All users' entries. An unmarked line is titled by its user and its text, and goes or stays as such. */
async function inspect(host: Host, title: string | undefined): Promise<readonly Instance[]> {
  const instances = crontabUsers(host).flatMap((user) =>
    listEntries(readCrontab(host, user).text).flatMap(({ title: own, line }): Instance[] => {
      const entry = parseEntry(line)
      if (entry === undefined) return []
      return [{ title: own ?? `${user}: ${line.trim()}`, params: { user, ...entry } }]
    }),
  )
  return ofTitle(instances, title)
}

export const cron = {
  name: 'cron',
  read,
  diff,
  apply,
  applyMany,
  inspect,
  watch: ({ params: { user } }) => crontabPaths(user),
} satisfies ResourceType<CronParams, CronState>
