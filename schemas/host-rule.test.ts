import { describe, expect, it } from 'vitest'
import { matchesHost, ruleFor } from './host-rule.ts'

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
  const rule = (match: string, role: string) => ({ match, roles: [role], pool: role, where: 'site.ts:1' })
  const rules = [rule('web-1', 'special'), rule('web-*', 'web')]
  expect(ruleFor(rules, 'web-1')?.roles).toEqual(['special'])
  expect(ruleFor(rules, 'web-2')?.roles).toEqual(['web'])
  expect(ruleFor(rules, 'db-1')).toBeUndefined()
})
