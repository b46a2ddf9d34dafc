/**
 * The command of a crontab's entry (crontab(5)): how it is written, and what no cron would run as it was meant.
 * `%` ends a command for cron: what follows is what the command reads.
 */

export interface CronCommand {
  readonly command?: string
  readonly stdin?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** Bytes that Debian's cron takes (MAX_COMMAND). One entry beyond it, and cron skips a file of cron.d as a whole. */
const longest = 998

/** @example renderCronCommand({ command: 'date +%F', environment: { TZ: 'UTC' } }) // 'export TZ=UTC; date +\\%F' */
export function renderCronCommand({ command = '', stdin, environment = {} }: CronCommand): string {
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}; `)
  const input = stdin === undefined ? '' : `%${stdin.split('\n').map(escapePercent).join('%')}`
  return `${escapePercent(exports.join('') + command)}${input}`
}

/** Everything that cron would refuse or change. */
export function wrongCronCommand(entry: CronCommand): readonly string[] {
  const { command = '', stdin, environment = {} } = entry
  const bytes = new TextEncoder().encode(renderCronCommand(entry)).length
  const values = Object.entries(environment)
  return [
    ...wrongBackslash('"command"', command),
    ...values.flatMap(([name, value]) => wrongBackslash(`"environment" ${JSON.stringify(name)}`, value)),
    ...(stdin !== undefined && command.endsWith('\\') ? ['"command" ends with a backslash'] : []),
    ...(stdin?.includes('\\\n') === true ? ['"stdin" has a line that ends with a backslash'] : []),
    ...(bytes > longest ? [`it takes ${bytes} bytes, and cron reads ${longest}: put it into a script`] : []),
  ]
}

/** Debian's cron makes one backslash of two, others keep both; after two, `\%` ends the command. */
function wrongBackslash(what: string, text: string): readonly string[] {
  if (text.includes('\\%')) return [`${what} has "\\%": write "%", it is escaped for you`]
  if (text.includes('\\\\'))
    return [`${what} has two backslashes in a row, of which cron may take one: put it into a script`]
  return []
}

function escapePercent(text: string): string {
  return text.replaceAll('%', '\\%')
}

function quote(value: string): string {
  return /^[\w./:@+-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`
}
