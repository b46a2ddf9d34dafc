import { describe, expect, it } from 'vitest'
import { hostLike, matchesHost, ruleFor, wrongHostPattern } from './host-rule.ts'

describe('matchesHost()', () => {
  it.each([
    ['web-1', 'web-1', true],
    ['web-1', 'web-10', false],
    ['web-*', 'web-1', true],
    ['web-*', 'web-', true],
    ['web-*', 'db-1', false],
    ['*', 'anything', true],
    ['*-1', 'web-1', true],
    ['a*a', 'a', false],
    ['*.eu.*', 'web.eu.example', true],
    ['a*b*c', 'acb', false],
    ['web.1', 'webx1', false],
  ])('%s against %s is %s', (pattern, host, wanted) => {
    expect(matchesHost(pattern, host)).toBe(wanted)
  })
})

it('ruleFor() gives the first rule that matches', () => {
  const rule = (match: string, role: string) => ({
    match: match.split(' '),
    roles: [role],
    pool: role,
    where: 'site.ts:1',
  })
  const rules = [rule('web-1', 'special'), rule('app-* /^web-\\d+$/', 'web')]
  expect(ruleFor(rules, 'web-1')?.roles).toEqual(['special'])
  expect(ruleFor(rules, 'web-2')?.roles).toEqual(['web'])
  expect(ruleFor(rules, 'app-x')?.roles).toEqual(['web'])
  expect(ruleFor(rules, 'web-x')).toBeUndefined()
  expect(ruleFor(rules, 'db-1')).toBeUndefined()
})

it.each([
  ['web-*', 'web-1'],
  ['*', 'host-1'],
  ['*.eu.*', '1.eu.'],
  ['/^db[0-9]$/', 'db1'],
  ['/^$/', 'host-1'],
])('hostLike() has for %s the name %s', (pattern, name) => {
  expect(hostLike(pattern)).toBe(name)
})

it.each([
  ['', 'it is empty'],
  ['/', 'it has no "/" at its end'],
  ['/(?=a)/', 'look-around "(?=" is not supported'],
  ['/a/i', undefined],
])('wrongHostPattern() says of "%s": %s', (pattern, wrong) => {
  expect(wrongHostPattern(pattern)).toBe(wrong)
})
