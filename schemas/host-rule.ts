/** Which rule of a site is a host's. Pure. */
import type { HostRule } from './generated/types.ts'
import { type NameRegExp, parseNameRegExp } from './name-regexp.ts'

/** Rules are asked for every host again and again, and never change. */
const regexpsOf = new WeakMap<HostRule, readonly NameRegExp[]>()

/** The rule of a host: the first of which a pattern matches. */
export function ruleFor(rules: readonly HostRule[], host: string): HostRule | undefined {
  return rules.find((rule) => {
    if (rule.match.some((pattern) => !isRegExp(pattern) && matchesHost(pattern, host))) return true
    const regexps = regexpsOf.get(rule) ?? rule.match.filter(isRegExp).map(parse)
    regexpsOf.set(rule, regexps)
    return regexps.some((regexp) => regexp.matches(host))
  })
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
