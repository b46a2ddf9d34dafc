/** The five fields of a crontab's time (crontab(5)): what a value may be, and how it is written. */

export type CronField = 'minute' | 'hour' | 'monthday' | 'month' | 'weekday'
export type CronValue = number | string | readonly (number | string)[]

/** What the fields of an entry are. */
export type CronTime = { readonly [Field in CronField]?: CronValue } & { readonly special?: string }

interface Range {
  readonly first: number
  readonly last: number
  /** From the first number on. */
  readonly names: readonly string[]
}

const ranges: Readonly<Record<CronField, Range>> = {
  minute: { first: 0, last: 59, names: [] },
  hour: { first: 0, last: 23, names: [] },
  monthday: { first: 1, last: 31, names: [] },
  month: {
    ...{ first: 1, last: 12 },
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  weekday: { first: 0, last: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
}

/** In the order of a crontab. */
export const cronFields: readonly CronField[] = ['minute', 'hour', 'monthday', 'month', 'weekday']

/** @example renderCronTime({ hour: [3, 15] }) // '* 3,15 * * *' */
export function renderCronTime(time: CronTime): string {
  if (time.special !== undefined) return `@${time.special}`
  return cronFields.map((name) => [time[name] ?? '*'].flat().join(',')).join(' ')
}

/** Everything that cron would refuse or read as another time than was meant. */
export function wrongCronTime(time: CronTime): readonly string[] {
  const given = cronFields.filter((name) => time[name] !== undefined)
  if (time.special !== undefined)
    return given.map((name) => `"special" and ${JSON.stringify(name)} exclude each other`)
  if (given.length === 0) return ['it has no time: give "minute", "hour" or another field, or "special"']
  return [
    ...(time.minute === undefined
      ? ['it has no "minute", and would run each minute: say minute: "*" if it shall']
      : []),
    ...given.flatMap((name) =>
      [time[name] ?? []]
        .flat()
        .flatMap((value) => String(value).split(','))
        .flatMap((value) => wrongValue(name, value)),
    ),
  ]
}

function wrongValue(name: CronField, value: string): readonly string[] {
  const shown = `${JSON.stringify(name)} ${JSON.stringify(value)}`
  const [, range = '', , step] = /^([^/]*)(\/(\d+))?$/.exec(value) ?? []
  if (range === '' || (value.includes('/') && !(Number(step) > 0))) return [`${shown} is no time`]
  if (range === '*') return []
  const ends = range.split('-').map((end) => numberOf(name, end))
  const { first, last, names } = ranges[name]
  if (ends.length > 2 || ends.some((end) => end === undefined)) {
    const words = names.length === 0 ? '' : `, or ${names[0]} to ${names.at(-1)}`
    return [`${shown} is not ${first} to ${last}${words}`]
  }
  const [from = first, to = last] = ends
  return from > to ? [`${shown} ends before it begins`] : []
}

function numberOf(name: CronField, text: string): number | undefined {
  const { first, last, names } = ranges[name]
  const named = names.indexOf(text.toLowerCase())
  if (named >= 0) return first + named
  if (!/^\d+$/.test(text)) return undefined
  const number = Number(text)
  return number >= first && number <= last ? number : undefined
}
