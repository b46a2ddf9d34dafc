/**
 * Entries of users' crontabs. They are read where cron reads them, one file for a user however many entries there are, and
 * written through crontab(1), which checks them and tells cron.
 */
import { RekindleError } from '../../schemas/errors.ts'
import type { Change, CronParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import {
  findEntry,
  hasUnmarked,
  listEntries,
  parseEntry,
  putEntry,
  removeEntry,
  renderEntry,
  withoutHeader,
} from './cron/crontab-text.ts'
import type { Instance, Reading, ResourceType, Step, Wanted } from './resource-type.ts'
import { runTool } from './run-tool.ts'
import { readTextFile } from './text-file.ts'

type WantedCron = Wanted<CronParams>

export interface CronState {
  /** The user's crontab as `crontab -l` prints it; empty when there is none. */
  readonly text: string
}

/** Of Debian and Alpine, SUSE, Red Hat. The last is the parent of the others, and stands last. */
const folders = ['/var/spool/cron/crontabs', '/var/spool/cron/tabs', '/var/spool/cron'] as const

function read(host: Host, wanted: readonly WantedCron[]): Reading<CronState> {
  const found = new Map<ResourceId, CronState | Error>()
  for (const [user, group] of Map.groupBy(wanted, ({ params }) => params.user)) {
    const state = readCrontab(host, user)
    for (const { id } of group) found.set(id, state)
  }
  return found
}

function readCrontab(host: Host, user: string): CronState | Error {
  try {
    return { text: withoutHeader(readTextFile(host, `${folderOn(host)}/${user}`).text ?? '') }
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function folderOn({ files }: Host): string {
  return folders.find((folder) => files.exists(folder)) ?? folders[0]
}

function diff({ title, params }: WantedCron, { text }: CronState): readonly Change[] {
  const line = params.command === undefined ? undefined : renderEntry(params)
  const there = findEntry(text, title)
  if (params.ensure === 'absent') {
    const isThere = there !== undefined || (line !== undefined && hasUnmarked(text, line))
    return isThere ? [{ property: 'ensure', from: 'present', to: 'absent' }] : []
  }
  if (line === undefined) return []
  if (there?.line === undefined) return [{ property: 'ensure', from: 'absent', to: 'present' }]
  return [
    ...(there.line === line ? [] : [{ property: 'entry', from: there.line, to: line }]),
    ...(there.count === 1 ? [] : [{ property: 'entries', from: String(there.count), to: '1' }]),
  ]
}

function apply(host: Host, wanted: WantedCron, actual: CronState, changes: readonly Change[]): Promise<void> {
  return applyMany(host, [{ wanted, actual, changes }])
}

/** One crontab(1) for each user. */
async function applyMany(host: Host, steps: readonly Step<CronParams, CronState>[]): Promise<void> {
  const wanted = steps.map((step) => step.wanted)
  for (const [user, group] of Map.groupBy(wanted, ({ params }) => params.user)) {
    // Someone may have edited it since it was read.
    const now = readCrontab(host, user)
    if (now instanceof Error) throw now
    await install(host, group, { user, before: now.text, after: group.reduce(edit, now.text) })
  }
}

function edit(text: string, { title, params }: WantedCron): string {
  const line = params.command === undefined ? undefined : renderEntry(params)
  if (params.ensure === 'absent') return removeEntry(text, title, line)
  return line === undefined ? text : putEntry(text, title, line)
}

interface NewCrontab {
  readonly user: string
  readonly before: string
  readonly after: string
}

async function install(
  host: Host,
  group: readonly WantedCron[],
  { user, before, after }: NewCrontab,
): Promise<void> {
  const [wanted] = group
  if (wanted === undefined || before === after) return
  const options = {
    doing: `the crontab of "${user}" is replaced`,
    wanted,
    package: 'cron',
    kept: 'the crontab as it was',
    explain: () => (userExists(host, user) ? undefined : `Declare the user "${user}" before it`),
  }
  // An empty one would be listed as one, for ever.
  if (after.trim() === '') await runTool(host, ['crontab', '-u', user, '-r'], options)
  else await runTool(host, ['crontab', '-u', user, '-'], { ...options, stdin: after })
  const now = readCrontab(host, user)
  if (now instanceof Error || now.text.trim() !== after.trim()) throw notKept(wanted, user)
}

function userExists({ files }: Host, user: string): boolean {
  return files.read('/etc/passwd').toString().includes(`\n${user}:`) || user === 'root'
}

/** crontab(1) ends with 0 where an editor or a wrapper in its place has done nothing. */
function notKept({ id, where }: WantedCron, user: string): RekindleError {
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot apply ${id}: crontab took the entries of "${user}" and has not kept them`,
    where,
    hint: `Compare crontab -u ${user} -l with the plan; which crontab is first in PATH?`,
  })
}

/** All users' entries. An unmarked line is titled by its user and its text, and goes or stays as such. */
async function inspect(host: Host, title: string | undefined): Promise<readonly Instance[]> {
  const folder = folderOn(host)
  const users = host.files
    .list(folder)
    .filter((name) => host.files.stat(`${folder}/${name}`)?.kind === 'file')
  const instances = users.flatMap((user) => {
    const state = readCrontab(host, user)
    if (state instanceof Error) throw state
    return listEntries(state.text).flatMap(({ title: own, line }): Instance[] => {
      const entry = parseEntry(line)
      if (entry === undefined) return []
      return [{ title: own ?? `${user}: ${line.trim()}`, params: { user, ...entry } }]
    })
  })
  return title === undefined ? instances : instances.filter((one) => one.title === title)
}

export const cron = {
  name: 'cron',
  read,
  diff,
  apply,
  applyMany,
  inspect,
  watch: ({ params: { user } }) => folders.map((folder) => `${folder}/${user}`),
} satisfies ResourceType<CronParams, CronState>
