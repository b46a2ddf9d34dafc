/** Names of kernel parameters, which catalogs write and agents look up. */

/**
 * A key with dots between its parts, where `/` stands for a dot in a name: sysctl(8) takes the first separator for what
 * separates all parts.
 *
 * @example canonicalSysctlKey('net/ipv4/conf/eth0.1/forwarding') // 'net.ipv4.conf.eth0/1.forwarding'
 */
export function canonicalSysctlKey(key: string): string {
  return /^[^./]*\//.test(key) ? swap(key) : key
}

/** @example sysctlPath('net.ipv4.ip_forward') // '/proc/sys/net/ipv4/ip_forward' */
export function sysctlPath(canonicalKey: string): string {
  return `/proc/sys/${swap(canonicalKey)}`
}

/** Also that no part of its path is empty or `..`. */
export function isCanonicalSysctlKey(key: string): boolean {
  const name = String.raw`[^./\s=*?~;#[\]]+(?:/[^./\s=*?~[\]]+)*`
  return new RegExp(String.raw`^${name}(?:\.${name})+$`).test(key) && !key.startsWith('-')
}

function swap(key: string): string {
  return key.replaceAll(/[./]/g, (separator) => (separator === '.' ? '/' : '.'))
}
