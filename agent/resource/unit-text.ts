/** Pure: systemd's unit files as text. */

export type Setting = string | number | boolean | readonly string[]
export type Sections = Readonly<Record<string, Readonly<Record<string, Setting>>>>

export interface UnitContent {
  readonly content?: string
  readonly sections?: Sections
}

/**
 * The file's text, with a line feed at its end.
 *
 * @example renderUnit({ sections: { Service: { ExecStart: '/bin/a', Environment: ['A=1', 'B=2'] } } })
 * // '[Service]\nExecStart=/bin/a\nEnvironment=A=1\nEnvironment=B=2\n'
 */
export function renderUnit({ content, sections = {} }: UnitContent): string {
  if (content !== undefined) return content.endsWith('\n') ? content : `${content}\n`
  return Object.entries(sections)
    .map(([name, settings]) => `[${name}]\n${Object.entries(settings).map(renderSetting).join('')}`)
    .join('\n')
}

function renderSetting([name, value]: readonly [string, Setting]): string {
  const values: readonly (string | number | boolean)[] = typeof value === 'object' ? value : [value]
  return values.map((one) => `${name}=${renderValue(one)}\n`).join('')
}

/** A line that goes on ends in a backslash (systemd.syntax(7)). */
function renderValue(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return String(value).replace(/\n/g, ' \\\n  ')
}
