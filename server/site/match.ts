/** Which rule of a site is a host's: the first whose pattern matches. Pure. */
import type { HostRule, SiteManifest } from '../../schemas/generated/types.ts'

/** @example ruleFor(manifest, 'web-1')?.role // 'web' */
export function ruleFor(manifest: SiteManifest | undefined, host: string): HostRule | undefined {
  return manifest?.hosts.find(({ match }) => matchesHost(match, host))
}

/** `*` stands for any run of characters, the empty one included. */
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
