/** Jobs of cron. */
import { facts } from '../api/facts.ts'
import type { Container } from '../api/reference.ts'
import { type CronFileOptions, cronFile } from '../api/resource/cron.ts'
import { file } from '../api/resource/file.ts'
import { pkg } from '../api/resource/package.ts'
import { service } from '../api/resource/service.ts'
import { type Checked, declareModule, type ModuleOptions } from './part/declare.ts'
import { yielding } from './part/yielding.ts'

export type CronJobsOptions = ModuleOptions<'module/cron-jobs'>
type CronJobs = Checked<'module/cron-jobs'>
type Job = CronJobs['jobs'][string]
type Entry = NonNullable<CronFileOptions['entries']>[number]

/**
 * Jobs that do not overlap and leave what they say in the journal.
 *
 * @example cronJobs({ jobs: { backup: { at: '15 3 * * *', command: '/usr/local/bin/backup', timeoutMinutes: 90 } } })
 */
export function cronJobs(options: CronJobsOptions): Container {
  return declareModule({ name: 'cronJobs', schema: 'module/cron-jobs', options, declare: declareJobs })
}

const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

function declareJobs({ jobs, mailto = 'root', path = usualPath, file: name = 'rekindle' }: CronJobs): void {
  const isDebian = facts.os.family === 'debian'
  const cron = yielding(() => pkg(isDebian ? 'cron' : 'cronie'))
  yielding(() => file(lockFolder, { ensure: 'directory', mode: '0755' }))
  const all = Object.entries(jobs)
  const locks = all
    .filter(([, { overlap = false }]) => !overlap)
    // Of the job's user alone: whoever could open it could keep the job from starting.
    .map(([job, { user = 'root' }]) =>
      file(lockOf(name, job), { content: '', replace: false, owner: user, mode: '0600' }),
    )
  const table = cronFile(name, {
    environment: { MAILTO: mailto, PATH: path },
    entries: all.map(([job, options]) => entryOf(name, job, options)),
    require: [cron, ...locks],
  })
  yielding(() => service(isDebian ? 'cron' : 'crond', { ensure: 'running', enable: true, require: cron }))
  return void table
}

const lockFolder = '/var/lib/rekindle-cron'
const lockOf = (file: string, job: string) => `${lockFolder}/${file}.${job}`

function entryOf(name: string, job: string, options: Job): Entry {
  return { user: options.user ?? 'root', ...timeOf(options.at), command: commandOf(name, job, options) }
}

function timeOf(at: string): Partial<Entry> {
  // The pattern of the schema has only these.
  if (at.startsWith('@')) return { special: at.slice(1) as NonNullable<Entry['special']> }
  const [minute = '', hour = '', monthday = '', month = '', weekday = ''] = at.split(/ +/).map(fieldOf)
  return { minute, hour, monthday, month, weekday } as Partial<Entry>
}

function fieldOf(text: string): unknown {
  const items = text.split(',').map((item) => (/^\d+$/.test(item) ? Number(item) : item))
  return items.length === 1 ? items[0] : items
}

/** What cron starts is `sh -c`; wrappers are put before it, and the command stays one word for them. */
function commandOf(name: string, job: string, options: Job): string {
  const { command, overlap = false, timeoutMinutes, output = 'journal' } = options
  const wrappers = [
    ...(output === 'journal' ? ['systemd-cat', '-t', `cron-${job}`] : []),
    ...(overlap ? [] : ['flock', '-n', '-E', '0', lockOf(name, job)]),
    ...(timeoutMinutes === undefined ? [] : ['timeout', '-k', '10', `${timeoutMinutes}m`]),
  ]
  if (wrappers.length === 0) return command
  return `${wrappers.join(' ')} /bin/sh -c '${command.replaceAll("'", `'\\''`)}'`
}
