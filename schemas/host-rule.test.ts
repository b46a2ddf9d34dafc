import { describe, expect, it } from 'vitest'
import type { HostCondition, HostRule } from './generated/types.ts'
import { asksFacts, hostLike, matchesHost, ruleFor, wrongHostPattern } from './host-rule.ts'

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

const nothing = () => ({ facts: undefined, attributes: {} })

it('ruleFor() gives the first rule that matches', () => {
  const rule = (match: string, role: string) => ({
    match: match.split(' '),
    roles: [role],
    pool: role,
    where: 'site.ts:1',
  })
  const rules = [rule('web-1', 'special'), rule('app-* /^web-\\d+$/', 'web')]
  expect(ruleFor(rules, 'web-1', nothing)?.roles).toEqual(['special'])
  expect(ruleFor(rules, 'web-2', nothing)?.roles).toEqual(['web'])
  expect(ruleFor(rules, 'app-x', nothing)?.roles).toEqual(['web'])
  expect(ruleFor(rules, 'web-x', nothing)).toBeUndefined()
  expect(ruleFor(rules, 'db-1', nothing)).toBeUndefined()
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

describe('ruleFor() with conditions', () => {
  const known = {
    facts: {
      os: { id: 'debian' },
      cpu: { count: 8 },
      network: { nameservers: ['192.0.2.1'] },
      custom: { long: 'a'.repeat(1_001) },
    },
    attributes: { tier: 'gold', 'a.b': 'dots' },
    data: { place: { kind: 'edge', zones: ['a', 'b'] }, facts: { os: 'debian' } },
  }
  const rule = (...when: HostCondition[]): HostRule => ({
    match: ['*'],
    when,
    roles: ['web'],
    pool: 'web',
    where: 'site.ts:1',
  })
  const condition = (name: string, is: HostCondition['is'], matches: string[] = []) => ({ name, is, matches })

  it.each([
    ['a fact', condition('facts.os.id', ['ubuntu', 'debian']), true],
    ['another value of it', condition('facts.os.id', ['ubuntu']), false],
    ['a number', condition('facts.cpu.count', [8]), true],
    ['a number as text', condition('facts.cpu.count', ['8']), false],
    ['an expression', condition('facts.os.id', [], ['/^deb/']), true],
    ['one of a list', condition('facts.network.nameservers', ['192.0.2.1']), true],
    ['a fact that there is not', condition('facts.custom.none', ['x']), false],
    ['what all objects have', condition('facts.custom.constructor', [], ['/./']), false],
    ['a text without end', condition('facts.custom.long', [], ['/a/']), false],
    ['an attribute', condition('host.attributes.tier', ['gold']), true],
    ['a key of the data', condition('data.place.kind', ['core', 'edge']), true],
    ['another value of it', condition('data.place.kind', ['core']), false],
    ['one of a list in the data', condition('data.place.zones', [], ['/^b/']), true],
    ['a key that there is not', condition('data.place.none', ['x']), false],
    ['a section', condition('data.place', [], ['/./']), false],
    ['a fact, and not data of that name', condition('facts.os', ['debian']), false],
    ['an attribute with a dot', condition('host.attributes.a.b', ['dots']), true],
  ])('asks for %s', (_, asked, isFound) => {
    expect(ruleFor([rule(asked)], 'web-1', () => known) !== undefined).toBe(isFound)
  })

  it('wants all of them, and facts that are known', () => {
    const both = [rule(condition('facts.os.id', ['debian']), condition('host.attributes.tier', ['silver']))]
    expect(ruleFor(both, 'web-1', () => known)).toBeUndefined()
    expect(ruleFor([rule(condition('facts.os.id', ['debian']))], 'web-1', nothing)).toBeUndefined()
    expect(ruleFor([rule(condition('data.place.kind', ['edge']))], 'web-1', nothing)).toBeUndefined()
  })

  it('asksFacts() tells claims from what the server knows', () => {
    expect(asksFacts(rule(condition('host.attributes.tier', ['gold'])))).toBe(false)
    // Facts may choose its layers.
    expect(asksFacts(rule(condition('data.place.kind', ['edge'])))).toBe(true)
    expect(
      asksFacts(rule(condition('host.attributes.tier', ['gold']), condition('facts.virtual', ['kvm']))),
    ).toBe(true)
  })
})
