import { expect, test } from 'vitest'
import { editDistance, nearestNames } from './nearest-name.ts'

const zones = ['Europe/Berlin', 'Europe/Dublin', 'America/New_York', 'Asia/Tokyo', 'UTC']

test.each([
  ['Europe/Berln', ['Europe/Berlin']],
  ['europe/berlin', ['Europe/Berlin', 'Europe/Dublin']],
  ['Asia/Berlin', ['Europe/Berlin']],
  ['Mars/Olympus', []],
])('nearestNames() for %s is %j', (written, nearest) => {
  expect(nearestNames(zones, written)).toEqual(nearest)
})

test('editDistance() counts steps', () => {
  expect(editDistance('kitten', 'sitting')).toBe(3)
  expect(editDistance('', 'ab')).toBe(2)
})
