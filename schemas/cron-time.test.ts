import { expect, test } from 'vitest'
import { renderCronTime, wrongCronTime } from './cron-time.ts'

test.each([
  [{ minute: 15, hour: 3 }, '15 3 * * *'],
  [{ minute: [0, '30-45/5'], weekday: 'mon-fri' }, '0,30-45/5 * * * mon-fri'],
  [{ special: 'reboot' }, '@reboot'],
])('%j is written %s', (time, text) => {
  expect(renderCronTime(time)).toBe(text)
  expect(wrongCronTime(time)).toEqual([])
})

test.each([
  [{}, 'it has no time: give "minute", "hour" or another field, or "special"'],
  [{ hour: 3 }, 'it has no "minute", and would run each minute: say minute: "*" if it shall'],
  [{ minute: 60 }, '"minute" "60" is not 0 to 59'],
  [{ minute: 0, monthday: 0 }, '"monthday" "0" is not 1 to 31'],
  [{ minute: 0, month: 'january' }, '"month" "january" is not 1 to 12, or jan to dec'],
  [{ minute: 0, weekday: 'fri-mon' }, '"weekday" "fri-mon" ends before it begins'],
  [{ minute: '*/0' }, '"minute" "*/0" is no time'],
  [{ minute: '1-2-3' }, '"minute" "1-2-3" is not 0 to 59'],
  [{ minute: '5,' }, '"minute" "" is no time'],
  [{ special: 'daily', hour: 3 }, '"special" and "hour" exclude each other'],
])('%j: %s', (time, complaint) => {
  expect(wrongCronTime(time)).toEqual([complaint])
})

test.each([
  [{ minute: '*/5' }],
  [{ minute: 0, weekday: 7 }],
  [{ minute: 0, month: 'DEC' }],
  [{ minute: '*' }],
])('%j is a time', (time) => {
  expect(wrongCronTime(time)).toEqual([])
})
