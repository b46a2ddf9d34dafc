/** Pure: what /etc says of the host's name. */

/**
 * The full name as `hostname -f` finds it on a host without a directory service: the kernel's when it has a domain, the
 * first name of the line of /etc/hosts that has it, else the domain of /etc/resolv.conf.
 */
export function fullName(name: string, hosts: string, resolv: string): string {
  if (name.includes('.')) return name
  const lines = hosts.split('\n').map((line) => line.replace(/#.*/, '').trim().split(/\s+/).slice(1))
  const canonical = lines.find((names) => names.includes(name))?.[0]
  if (canonical?.includes('.')) return canonical
  // The last of the two words counts (resolv.conf(5)).
  const domain = directives(resolv, 'domain', 'search').at(-1)?.replace(/\.$/, '') ?? ''
  return domain === '' ? name : `${name}.${domain}`
}

export function parseNameservers(resolv: string): string[] {
  return directives(resolv, 'nameserver')
}

/** First word after each of these directives, in the order of lines. */
function directives(resolv: string, ...names: readonly string[]): string[] {
  const lines = resolv.split('\n').map((line) => line.trim().split(/\s+/))
  return lines.flatMap(([name = '', value]) => (names.includes(name) && value !== undefined ? [value] : []))
}
