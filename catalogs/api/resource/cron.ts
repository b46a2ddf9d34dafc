/** What runs at times, and who may run what as whom. */
import { type CronCommand, wrongCronCommand } from '../../../schemas/cron-command.ts'
import { type CronTime, wrongCronTime } from '../../../schemas/cron-time.ts'
import type { AuthoredParams } from '../../../schemas/generated/authored.ts'
import { declare, type Metaparams } from '../declare.ts'
import type { Params, TypeRule } from '../parameter.ts'
import type { Reference } from '../reference.ts'

export type CronOptions = AuthoredParams['cron'] & Metaparams
export type CronFileOptions = AuthoredParams['cron_file'] & Metaparams
export type SudoersOptions = AuthoredParams['sudoers'] & Metaparams

/**
 * One entry of a user's crontab.
 *
 * @example cron('backup', { user: 'app', command: '/usr/local/bin/backup', hour: 3, minute: 15 })
 */
export function cron(title: string, options: CronOptions): Reference<'cron'> {
  return declare({ type: 'cron', title, options, rule: cronRule })
}

/** cron reads these from a line of their own only. */
const settings = new Set(['MAILTO', 'MAILFROM', 'SHELL', 'CRON_TZ', 'RANDOM_DELAY', 'CONTENT_TYPE'])

export const cronRule: TypeRule = {
  wrongTitle: (title) => (/[\n\r]/.test(title) ? 'the title is more than one line' : undefined),
  contradictions: (params) => [...wrongEntry(params), ...wrongEnvironment(params)],
}

function wrongEntry(params: Params): readonly string[] {
  if (params.command === undefined)
    return params.ensure === 'absent' ? [] : ['"command" is missing, and it is not absent']
  return wrongWhenAndWhat(params)
}

function wrongWhenAndWhat(entry: Params): readonly string[] {
  return [...wrongCronTime(entry as CronTime), ...(isCommand(entry) ? wrongCronCommand(entry) : [])]
}

/** What it is not, the schema complains of. */
function isCommand(entry: Params): entry is Params & CronCommand {
  const { command, stdin = '', environment } = entry
  return [command, stdin, ...Object.values(environment ?? {})].every((one) => typeof one === 'string')
}

function wrongEnvironment({ environment = {} }: Params): readonly string[] {
  return Object.keys(environment as object)
    .filter((name) => settings.has(name))
    .map((name) => `cron reads ${name} from a line for all entries only: use cronFile()`)
}

/**
 * A file of /etc/cron.d.
 *
 * @example cronFile('backup', { environment: { MAILTO: 'ops@example.org' }, entries: [{ user: 'root', command: 'backup', special: 'daily' }] })
 */
export function cronFile(name: string, options: CronFileOptions = {}): Reference<'cron_file'> {
  return declare({ type: 'cron_file', title: name, options, rule: cronFileRule })
}

export const cronFileRule: TypeRule = {
  wrongTitle: (title) => skippedBy('cron', title),
  contradictions: ({ ensure, entries, environment }) => [
    ...(ensure !== 'absent' && entries === undefined ? ['"entries" is missing, and it is not absent'] : []),
    ...(Array.isArray(entries) ? entries : []).flatMap((entry: Params, at) =>
      wrongWhenAndWhat(entry).map((complaint) => `entry ${at + 1}: ${complaint}`),
    ),
    ...Object.entries(environment ?? {})
      .filter(([, value]) => String(value).includes('"'))
      .map(([name]) => `cron cannot have a double quote in ${name}`),
  ],
}

/**
 * A file of /etc/sudoers.d, checked by visudo before it counts.
 *
 * @example sudoers('deploy', { rules: [{ group: 'deploy', commands: '/usr/bin/systemctl restart app', noPassword: true }] })
 */
export function sudoers(name: string, options: SudoersOptions): Reference<'sudoers'> {
  return declare({ type: 'sudoers', title: name, options, rule: sudoersRule })
}

export const sudoersRule: TypeRule = {
  wrongTitle: (title) => skippedBy('sudo', title),
  contradictions: ({ ensure, content, rules }) => [
    ...(content !== undefined && rules !== undefined ? ['"content" and "rules" exclude each other'] : []),
    ...(content === undefined && rules === undefined && ensure !== 'absent'
      ? ['"rules" or "content" is missing, and it is not absent']
      : []),
    ...(Array.isArray(rules) ? rules : []).flatMap(({ user, group }: Params, at) =>
      (user === undefined) === (group === undefined)
        ? [`rule ${at + 1} needs either a "user" or a "group"`]
        : [],
    ),
  ],
}

/** Both read the files of their folder but for names as editors and packages leave them behind. */
function skippedBy(program: 'cron' | 'sudo', title: string): string | undefined {
  if (/^[A-Za-z0-9_-]+$/.test(title)) return undefined
  return `the title is a file name that ${program} skips: only letters, digits, "-" and "_" may be in it`
}
