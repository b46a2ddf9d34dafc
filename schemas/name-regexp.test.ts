import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseNameRegExp } from './name-regexp.ts'

/**
 * Nothing repeats what repeats, so that Node's own matcher comes back. Edges stand around them only: V8 says that
 * `(?:(?:[^]*?a^|)*|)*` does not match the empty text, which is wrong.
 */
const char = fc.constantFrom(
  ...['a', 'b', '-', '.', '\\d', '\\w', '\\.', '[ab]', '[^a-b]', '[a\\d-]', '[-b]', '[]', '[^]', 'A'],
)
const plain = inGroup(choiceOf(fc.oneof(char, inGroup(choiceOf(char)))))
const repeated = fc
  .tuple(fc.oneof(char, plain), fc.constantFrom('*', '+', '?', '*?', '{2}', '{0,2}', '{1,}', '{0}'))
  .map((parts) => parts.join(''))
const piece = fc.oneof(char, plain, repeated)
const inner = choiceOf(fc.oneof(piece, inGroup(choiceOf(piece))))
const regexp = fc
  .array(fc.tuple(fc.constantFrom('', '^'), inner, fc.constantFrom('', '$')), { minLength: 1, maxLength: 2 })
  .map((choices) => choices.map((parts) => parts.join('')).join('|'))
const name = fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'B', '1', '-', '.'), maxLength: 8 })

function choiceOf(part: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .array(fc.array(part, { maxLength: 3 }), { minLength: 1, maxLength: 3 })
    .map((choices) => choices.map((parts) => parts.join('')).join('|'))
}

function inGroup(inside: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(fc.constantFrom('(', '(?:'), inside).map(([open, text]) => `${open}${text})`)
}

describe('parseNameRegExp()', () => {
  it('matches as JavaScript does', () => {
    fc.assert(
      fc.property(regexp, fc.constantFrom('', 'i'), fc.array(name), (source, flags, names) => {
        fc.pre(isSmall(source, flags))
        const wanted = new RegExp(source, flags)
        const found = parseNameRegExp(source, flags)
        for (const one of names) expect([one, found.matches(one)]).toEqual([one, wanted.test(one)])
        if (found.sample !== undefined) expect(found.sample).toMatch(wanted)
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    ['(?:^a|b$)', 'ax', true],
    ['(?:^a|b$)', 'xb', true],
    ['(?:^a|b$)', 'xax', false],
    ['x(?:^a)?', 'x', true],
    ['(?:(?:[^]*?a^|)*|)*', '', true],
    ['$^', '', true],
    ['$^', 'a', false],
  ])('takes edges inside: %s in "%s" is %s', (source, text, wanted) => {
    expect(parseNameRegExp(source, '').matches(text)).toBe(wanted)
  })

  it.each(['^(a+)+$', '^(a|aa)+$', '(a*)*b', '^(\\w+-?)*!$', '(?:a?){60}a{60}'])(
    'comes back from %s, whose ways to fail are too many to try',
    (source) => {
      expect(parseNameRegExp(source, '').matches(`${'a'.repeat(59)}.`)).toBe(false)
    },
  )

  it.each([
    ['^db\\d+$', 'db1'],
    ['^(?:web|app)-[a-z]{2}$', 'web-aa'],
    ['web', 'web'],
    ['.*', undefined],
    ['a^', undefined],
  ])('has for %s the sample %s', (source, sample) => {
    expect(parseNameRegExp(source, '').sample).toBe(sample)
  })

  it.each([
    ['(?=a)', '', 'look-around "(?=" is not supported'],
    ['(?<!a)b', '', 'look-around "(?<!" is not supported'],
    ['(a)\\1', '', 'back reference "\\1" is not supported'],
    ['a\\b', '', '"\\b" is not supported'],
    ['a{,2}', '', '"{" wants numbers and a "}", or a "\\" before it'],
    ['a', 'g', 'flag "g" means nothing for a host name'],
    ['((a{99}){99}){99}', '', 'it takes more than 500 steps to match; repeat less'],
    [`${'('.repeat(51)}${')'.repeat(51)}`, '', 'groups are more than 50 deep'],
  ])('refuses %s with flags "%s"', (source, flags, wanted) => {
    expect(() => parseNameRegExp(source, flags)).toThrow(new SyntaxError(wanted))
  })
})

function isSmall(source: string, flags: string): boolean {
  try {
    parseNameRegExp(source, flags)
    return true
  } catch (error) {
    if (error instanceof SyntaxError && /500 steps/.test(error.message)) return false
    throw error
  }
}
