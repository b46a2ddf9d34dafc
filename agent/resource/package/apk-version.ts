/** How apk orders `digit{.digit}...{letter}{_suffix{number}}...{~hash}{-rN}` (apk-package(5)), after Gentoo. */
import { compareNumbers, compareText } from './segment-version.ts'

/** In the order that decides between a longer version and a shorter one: a later kind is less. */
const kinds = ['first', 'digit', 'letter', 'suffix', 'suffix-number', 'hash', 'revision', 'end', 'invalid']
const suffixes = ['alpha', 'beta', 'pre', 'rc', '', 'cvs', 'svn', 'git', 'hg', 'p']

interface Token {
  readonly kind: string
  readonly text: string
}

/** @example compareApkVersions('1.36.1-r2', '1.36.1-r10') // below 0 */
export function compareApkVersions(a: string, b: string): number {
  const [left, right] = [tokensOf(a), tokensOf(b)]
  for (let at = 0; ; at++) {
    const [l, r] = [left[at] ?? end, right[at] ?? end]
    if (l.kind !== r.kind) return compareKinds(l, r)
    if (l.kind === 'end' || l.kind === 'invalid') return 0
    const order = compareTokens(l, r)
    if (order !== 0) return order
  }
}

const end: Token = { kind: 'end', text: '' }

const grammar: readonly (readonly [kind: string, pattern: RegExp, after: readonly string[]])[] = [
  ['digit', /^\.(\d+)/, ['first', 'digit']],
  ['letter', /^([a-z])/, ['first', 'digit']],
  [
    'suffix',
    /^_(alpha|beta|pre|rc|cvs|svn|git|hg|p)(?![a-z])/,
    ['first', 'digit', 'letter', 'suffix', 'suffix-number'],
  ],
  ['suffix-number', /^(\d+)/, ['suffix']],
  ['hash', /^~([0-9a-f]+)/, ['first', 'digit', 'letter', 'suffix', 'suffix-number']],
  ['revision', /^-r(\d+)/, ['first', 'digit', 'letter', 'suffix', 'suffix-number', 'hash']],
]

function tokensOf(version: string): readonly Token[] {
  const first = /^\d+/.exec(version)?.[0]
  if (first === undefined) return [{ kind: 'invalid', text: version }]
  const tokens: Token[] = [{ kind: 'first', text: first }]
  let rest = version.slice(first.length)
  while (rest !== '') {
    const before = tokens.at(-1)?.kind ?? ''
    const rule = grammar.find(([, pattern, after]) => after.includes(before) && pattern.test(rest))
    const found = rule?.[1].exec(rest)
    if (rule === undefined || found === null || found === undefined)
      return [...tokens, { kind: 'invalid', text: rest }]
    tokens.push({ kind: rule[0], text: found[1] ?? '' })
    rest = rest.slice(found[0].length)
  }
  return tokens
}

function compareTokens(a: Token, b: Token): number {
  switch (a.kind) {
    case 'suffix':
      return suffixes.indexOf(a.text) - suffixes.indexOf(b.text)
    case 'letter':
    case 'hash':
      return compareText(a.text, b.text)
    case 'digit':
      // A zero in front makes it a fraction: 1.01 is older than 1.1.
      return a.text.startsWith('0') || b.text.startsWith('0')
        ? compareText(a.text, b.text)
        : compareNumbers(a.text, b.text)
    default:
      return compareNumbers(a.text, b.text)
  }
}

function compareKinds(a: Token, b: Token): number {
  if (isBeforeRelease(a)) return -1
  if (isBeforeRelease(b)) return 1
  return kinds.indexOf(b.kind) - kinds.indexOf(a.kind)
}

function isBeforeRelease({ kind, text }: Token): boolean {
  return kind === 'suffix' && suffixes.indexOf(text) < suffixes.indexOf('')
}
