/** Which rule of a site is a host's. Pure. */
import { at } from './data-layers.ts'
import type { HostCondition, HostRule } from './generated/types.ts'
import { type NameRegExp, parseNameRegExp } from './name-regexp.ts'
import type { Attributes } from './trusted.ts'

/** What rules may ask of a host besides its name. */
export interface KnownOfHost {
  /** As `protocol/facts`, without packages; undefined when the host has never said any. */
  readonly facts: unknown
  readonly attributes: Attributes
  /** Of the site, without layers of roles; absent where there is none. */
  readonly data?: unknown
}

/** Rules are asked for every host again and again, and their lists never change. */
const parsed = new WeakMap<readonly string[], readonly NameRegExp[]>()

/** A fact of this length is no word that a rule was written for, and hosts choose what they say. */
const mostLetters = 1_000

/**
 * The rule of a host: the first of which a pattern matches and all conditions hold.
 *
 * @param known asked only when a rule has conditions
 */
export function ruleFor(
  rules: readonly HostRule[],
  host: string,
  known: () => KnownOfHost,
): HostRule | undefined {
  return rules.find(
    (rule) => isForName(rule, host) && (rule.when ?? []).every((condition) => holds(condition, known())),
  )
}

/** All rules that may be a host's, by its name alone. */
export function rulesOfName(rules: readonly HostRule[], host: string): readonly HostRule[] {
  return rules.filter((rule) => isForName(rule, host))
}

function isForName({ match }: HostRule, host: string): boolean {
  return match.some((pattern) => !isRegExp(pattern) && matchesHost(pattern, host)) || anyMatches(match, host)
}

/** Whether what a host claims decides if the rule is its own: facts, or data, whose layers they may choose. */
export function asksFacts({ when = [] }: Pick<HostRule, 'when'>): boolean {
  return when.some(({ name }) => !name.startsWith(attributePrefix))
}

const attributePrefix = 'host.attributes.'

/** Of the name of a condition: whether it asks the site's data. */
export function isData(name: string): boolean {
  return name.startsWith('data.')
}

function holds({ name, is, matches }: HostCondition, known: KnownOfHost): boolean {
  const value = name.startsWith(attributePrefix)
    ? at(known.attributes, [name.slice(attributePrefix.length)])
    : at(isData(name) ? { data: known.data } : { facts: known.facts }, name.split('.'))
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  return values.some(
    (one) =>
      is.some((wanted) => wanted === one) ||
      (typeof one === 'string' && one.length <= mostLetters && anyMatches(matches, one)),
  )
}

function anyMatches(patterns: readonly string[], text: string): boolean {
  const regexps = parsed.get(patterns) ?? patterns.filter(isRegExp).map(parse)
  parsed.set(patterns, regexps)
  return regexps.some((regexp) => regexp.matches(text))
}

/** A pattern with slashes around it, as JavaScript writes a regular expression; no host's name has one. */
function isRegExp(pattern: string): boolean {
  return pattern.startsWith('/')
}

function parse(pattern: string): NameRegExp {
  const end = pattern.lastIndexOf('/')
  if (end < 1) throw new SyntaxError('it has no "/" at its end')
  return parseNameRegExp(pattern.slice(1, end), pattern.slice(end + 1))
}

/** What is wrong with a pattern of a rule. */
export function wrongHostPattern(pattern: string): string | undefined {
  if (!isRegExp(pattern)) return pattern === '' ? 'it is empty' : undefined
  try {
    parse(pattern)
    return undefined
  } catch (error) {
    if (error instanceof SyntaxError) return error.message
    throw error
  }
}

/**
 * A name that the pattern matches, or one to make do with.
 *
 * @example hostLike('web-*') // 'web-1'
 */
export function hostLike(pattern: string): string {
  if (isRegExp(pattern)) return parse(pattern).sample ?? 'host-1'
  return pattern.replace('*', pattern === '*' ? 'host-1' : '1').replaceAll('*', '')
}

/**
 * The name of several roles together, as catalogs and pages have it; a role's own name has no "+".
 *
 * @example roleName(['base', 'web']) // 'base+web'
 */
export function roleName(roles: readonly string[]): string {
  return roles.join('+')
}

/** The roles of such a name. */
export function rolesNamed(name: string): readonly string[] {
  return name.split('+')
}

/**
 * What a pattern without slashes means: `*` stands for any run of characters, the empty one included.
 *
 * @example matchesHost('web-*', 'web-1') // true
 */
export function matchesHost(pattern: string, host: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return pattern === host
  const last = rest.pop() ?? ''
  if (!host.startsWith(first) || !host.endsWith(last) || host.length < first.length + last.length)
    return false
  let at = first.length
  const end = host.length - last.length
  for (const part of rest) {
    const found = host.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}
