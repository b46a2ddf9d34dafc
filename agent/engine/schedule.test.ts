import { describe, expect, it } from 'vitest'
import type { Schedule } from '../../schemas/generated/types.ts'
import { whyWithheld } from './schedule.ts'

/** 2026-11-23 is a Monday. */
const at = (text: string) => Date.parse(text)

describe('whyWithheld() is undefined', () => {
  it.each<[string, Schedule, string]>([
    ['inside a range', { range: '02:00-04:00' }, '2026-11-23T02:00Z'],
    ['in the last minute of a range', { range: '02:00-04:00' }, '2026-11-23T03:59:59Z'],
    ['in the second of two ranges', { range: ['02:00-03:00', '13:00-14:00'] }, '2026-11-23T13:30Z'],
    ['before midnight in a range across it', { range: '22:00-02:00' }, '2026-11-23T23:00Z'],
    ['after midnight in a range across it', { range: '22:00-02:00' }, '2026-11-24T01:59Z'],
    ['on its weekday', { weekdays: ['mon'] }, '2026-11-23T12:00Z'],
    [
      'after midnight, when the range began on its weekday',
      { range: '22:00-02:00', weekdays: ['mon'] },
      '2026-11-24T01:00Z',
    ],
    ['in another time zone', { range: '02:00-04:00', timeZone: 'Asia/Tokyo' }, '2026-11-23T17:30Z'],
    ['until the end of the day', { range: '20:00-24:00' }, '2026-11-23T23:59Z'],
    ['all day when it ends where it begins', { range: '00:00-00:00' }, '2026-11-23T12:00Z'],
    ['once in its period', { period: 'daily' }, '2026-11-23T12:00Z'],
  ])('%s', (_, schedule, time) => {
    expect(whyWithheld(schedule, at(time), [])).toBeUndefined()
  })

  it('for the second change of two that a period allows', () => {
    const schedule: Schedule = { period: 'hourly', repeat: 2 }
    expect(whyWithheld(schedule, at('2026-11-23T12:10Z'), [at('2026-11-23T12:00Z')])).toBeUndefined()
  })

  it('a period after the last change', () => {
    const times = [at('2026-11-22T12:00Z')]
    expect(whyWithheld({ period: 'daily' }, at('2026-11-23T12:00Z'), times)).toBeUndefined()
  })
})

describe('whyWithheld() says why', () => {
  it.each<[string, Schedule, string, string]>([
    ['never', { period: 'never' }, '2026-11-23T12:00Z', 'its schedule never allows a change'],
    ['before a range', { range: '02:00-04:00' }, '2026-11-23T01:59Z', 'its schedule allows 02:00-04:00 UTC'],
    [
      'at the end of a range',
      { range: '02:00-04:00' },
      '2026-11-23T04:00Z',
      'its schedule allows 02:00-04:00 UTC',
    ],
    [
      'on another weekday',
      { range: '22:00-02:00', weekdays: ['sun', 'tue'] },
      '2026-11-23T23:00Z',
      'its schedule allows 22:00-02:00 on sun, tue UTC',
    ],
    [
      'after midnight, when the range began on another weekday',
      { range: '22:00-02:00', weekdays: ['tue'] },
      '2026-11-24T01:00Z',
      'its schedule allows 22:00-02:00 on tue UTC',
    ],
  ])('%s', (_, schedule, time, why) => {
    expect(whyWithheld(schedule, at(time), [])).toBe(why)
  })

  it('after as many changes as a period allows', () => {
    expect(whyWithheld({ period: 'daily' }, at('2026-11-23T12:00Z'), [at('2026-11-23T00:00Z')])).toBe(
      'its schedule allows 1 daily, and had 1',
    )
  })
})
