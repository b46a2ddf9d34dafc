import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseNameRegExp } from './name-regexp.ts'

/** Expressions without repeats in repeats, so that Node's own matcher comes back. */
const { regexp } = fc.letrec<{ regexp: string; atom: string; piece: string }>((tie) => ({
  atom: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(
      'a',
      'b',
      '-',
      '.',
      '\\d',
      '\\w',
      '\\.',
      '[ab]',
      '[^a-b]',
      '[a\\d-]',
      '[-b]',
      '[]',
      '[^]',
      'A',
    ),
    tie('regexp').map((inside) => `(?:${inside})`),
    tie('regexp').map((inside) => `(${inside})`),
  ),
  piece: fc.oneof(
    tie('atom'),
    fc
      .tuple(tie('atom'), fc.constantFrom('*', '+', '?', '*?', '{2}', '{0,2}', '{1,}', '{0}'))
      .map((parts) => parts.join('')),
    fc.constantFrom('^', '$'),
  ),
  regexp: fc
    .array(fc.array(tie('piece'), { maxLength: 4 }), { minLength: 1, maxLength: 3 })
    .map((choices) => choices.map((pieces) => pieces.join('')).join('|')),
}))
const name = fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'B', '1', '-', '.'), maxLength: 8 })

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
    if (error instanceof SyntaxError && /500 steps|cannot be repeated/.test(error.message)) return false
    throw error
  }
}
