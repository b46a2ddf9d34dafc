/** Pure: whether a resource may be changed now. As in Puppet a schedule can only withhold; it never causes a change. */
import type { Schedule } from '../../schemas/generated/types.ts'

const periodMs = {
  hourly: 3_600_000,
  daily: 86_400_000,
  weekly: 7 * 86_400_000,
  monthly: 30 * 86_400_000,
} as const

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
const dayMinutes = 24 * 60

type Weekday = (typeof weekdays)[number]

/** Longest time that a change has to be remembered for, in milliseconds. */
export const longestPeriodMs = periodMs.monthly

/**
 * @param at milliseconds since the epoch
 * @param changedAt when the resource was changed before, milliseconds since the epoch
 * @returns why it has to wait; undefined when it need not
 */
export function whyWithheld(
  schedule: Schedule,
  at: number,
  changedAt: readonly number[],
): string | undefined {
  if (schedule.period === 'never') return 'its schedule never allows a change'
  if (!isInRange(schedule, at)) return `its schedule allows ${renderWindow(schedule)}`
  return whyTooOften(schedule, at, changedAt)
}

/** A period begins with a change, not at midnight: `daily` means a day between two changes. */
function whyTooOften(
  { period, repeat = 1 }: Schedule,
  at: number,
  changedAt: readonly number[],
): string | undefined {
  if (period === undefined || period === 'never') return undefined
  const recent = changedAt.filter((time) => at - time < periodMs[period]).length
  return recent < repeat ? undefined : `its schedule allows ${repeat} ${period}, and had ${recent}`
}

function isInRange({ range, weekdays: days, timeZone = 'UTC' }: Schedule, at: number): boolean {
  const { day, minute } = localTime(at, timeZone)
  const allowed = (index: number) => days === undefined || days.includes(weekdayAt(index))
  if (range === undefined) return allowed(day)
  return [range].flat().some((one) => {
    const [from, to] = minutesOf(one)
    if (from < to) return minute >= from && minute < to && allowed(day)
    // Across midnight: the weekday is that of the evening on which it began.
    return (minute >= from && allowed(day)) || (minute < to && allowed(day - 1))
  })
}

function weekdayAt(index: number): Weekday {
  return weekdays[(index + 7) % 7] ?? 'mon'
}

/** Day of the week (0 is Monday) and minute of the day, as a clock on the wall there shows them. */
function localTime(at: number, timeZone: string): { day: number; minute: number } {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at)
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((one) => one.type === type)?.value ?? ''
  return {
    day: weekdays.indexOf(part('weekday').toLowerCase() as Weekday),
    minute: Number(part('hour')) * 60 + Number(part('minute')),
  }
}

function minutesOf(range: string): readonly [from: number, to: number] {
  // The schema has checked the shape: HH:MM-HH:MM.
  const minutes = (at: number) => Number(range.slice(at, at + 2)) * 60 + Number(range.slice(at + 3, at + 5))
  return [minutes(0), Math.min(minutes(6), dayMinutes)]
}

function renderWindow({ range, weekdays: days, timeZone = 'UTC' }: Schedule): string {
  const parts = [
    range === undefined ? [] : [range].flat().join(', '),
    days === undefined ? [] : days.join(', '),
  ]
  return `${parts.flat().join(' on ')} ${timeZone}`
}
