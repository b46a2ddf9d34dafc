import { expect, test } from 'vitest'
import { bytesOf, parseSwaps } from './swap-table.ts'

test('parseSwaps() reads what Linux 6.1 shows', () => {
  expect(
    parseSwaps(
      'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/dm-1                               partition\t999420\t\t0\t\t-2\n/srv/swap\\040file                        file\t\t1020\t\t0\t\t5\n',
    ),
  ).toEqual([
    { path: '/dev/dm-1', priority: -2 },
    { path: '/srv/swap file', priority: 5 },
  ])
  expect(parseSwaps('')).toEqual([])
})

test.each([
  ['4k', 4096],
  ['1M', 1_048_576],
  ['2G', 2_147_483_648],
])('bytesOf(%s) is %i', (size, bytes) => {
  expect(bytesOf(size)).toBe(bytes)
})
