/** Pure: /etc/locale.gen, /usr/share/i18n/SUPPORTED and /etc/default/locale. */

/** A line of locale.gen: `de_DE@euro ISO-8859-15`. */
export interface LocaleLine {
  readonly name: string
  readonly charset: string
}

export function parseLocales(text: string): readonly LocaleLine[] {
  return text.split('\n').flatMap((line) => parseLine(line) ?? [])
}

/** The text with a line of that locale: one that is commented out is taken, else a new one stands at the end. */
export function enableLocale(text: string, { name, charset }: LocaleLine): string {
  if (parseLocales(text).some((line) => line.name === name)) return text
  const lines = text.split('\n')
  const at = lines.findIndex((line) => {
    const found = parseLine(line.replace(/^\s*#\s*/, ''))
    return found?.name === name && found.charset === charset
  })
  if (at !== -1) return lines.with(at, `${name} ${charset}`).join('\n')
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${name} ${charset}\n`
}

/** The text with every line of that locale commented out. */
export function disableLocale(text: string, name: string): string {
  return text
    .split('\n')
    .map((line) => (parseLine(line)?.name === name ? `# ${line.trim()}` : line))
    .join('\n')
}

/** Values by variable; the last line of a variable counts. */
export function parseDefaults(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, name, value] = assignment.exec(line) ?? []
      return name === undefined || value === undefined
        ? []
        : [[name, value.replace(/^(["'])(.*)\1$/, '$2')] as const]
    }),
  )
}

/** The text with the variable set once; other lines stay. */
export function setDefault(text: string, name: string, value: string): string {
  const lines = text.split('\n')
  const isIt = (line: string) => assignment.exec(line)?.[1] === name
  const last = lines.findLastIndex(isIt)
  const line = `${name}=${value}`
  if (last === -1) return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`
  return lines
    .with(last, line)
    .filter((one, index) => index === last || !isIt(one))
    .join('\n')
}

/** As `locale -a` shows a name: `en_US.UTF-8` is `en_US.utf8`. */
export function shownName(name: string): string {
  return name.replace(
    /\.([^@]*)/,
    (_, charset: string) => `.${charset.toLowerCase().replaceAll(/[^a-z0-9]/g, '')}`,
  )
}

const assignment = /^\s*(?:export\s+)?(LANG|LANGUAGE|LC_[A-Z]+)=(.*?)\s*$/

function parseLine(line: string): LocaleLine | undefined {
  const [name = '', charset, ...rest] = line.trim().split(/\s+/)
  const isWhole = /^[A-Za-z][\w.@-]*$/.test(name) && charset !== undefined && /^[A-Z0-9_-]+$/i.test(charset)
  return isWhole && rest.length === 0 ? { name, charset } : undefined
}
