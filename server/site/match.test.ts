import { expect, it } from 'vitest'
import { matchesHost } from './match.ts'

it.each([
  ['web-1', 'web-1', true],
  ['web-1', 'web-10', false],
  ['web-*', 'web-1', true],
  ['web-*', 'web-', true],
  ['web-*', 'db-1', false],
  ['*', 'anything', true],
  ['*-1', 'web-1', true],
  ['*-1', 'web-12', false],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['a*b*c', 'a-b-c', true],
  ['a*b*c', 'a-c-b', false],
  ['a*bc*c', 'abc', false],
  ['a*.*', 'a.b', true],
  ['a.b', 'axb', false],
])('matchesHost(%j, %j) is %j', (pattern, host, matches) => {
  expect(matchesHost(pattern, host)).toBe(matches)
})
