import type { HostRule } from './generated/types.ts'

/** The rule of a host: the first whose pattern matches. */
export function ruleFor(rules: readonly HostRule[], host: string): HostRule | undefined {
  return rules.find(({ match }) => matchesHost(match, host))
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
 * What `match` of a rule means: `*` stands for any run of characters, the empty one included.
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
