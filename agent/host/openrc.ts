/** Pure: what OpenRC's tools print. */

/**
 * Words for states by service, from `rc-status --servicelist` or `--all`: `started`, `stopped`, `crashed`, `starting`,
 * `stopping`, `inactive`, `scheduled`, `failed`, `unsupervised`.
 *
 * @example parseRcStatus(' nginx        [  started 00:10:24 (0)  ]\n') // Map { 'nginx' => 'started' }
 */
export function parseRcStatus(printed: string): ReadonlyMap<string, string> {
  const states = new Map<string, string>()
  for (const line of printed.split('\n')) {
    const [, name, state] = /^\s+(\S+)\s+\[\s*([a-z]+)[^\]]*\]\s*$/.exec(line) ?? []
    if (name !== undefined && state !== undefined) states.set(name, state)
  }
  return states
}

/**
 * Runlevels by service, from `rc-update show`; services in none are there with `--verbose` only.
 *
 * @example parseRcUpdate('   sshd |      default   \n') // Map { 'sshd' => ['default'] }
 */
export function parseRcUpdate(printed: string): ReadonlyMap<string, readonly string[]> {
  const levels = new Map<string, readonly string[]>()
  for (const line of printed.split('\n')) {
    const [, name, rest] = /^\s*(\S+) \|(.*)$/.exec(line) ?? []
    if (name !== undefined && rest !== undefined)
      levels.set(
        name,
        rest.split(' ').filter((word) => word !== ''),
      )
  }
  return levels
}

/** What `rc-service NAME status` ends with: 3 stopped, 32 crashed, by libexec/rc/sh/openrc-run.sh; 1: there is none. */
export function parseServiceCode(code: number | null): string | undefined {
  const words = new Map([
    [0, 'started'],
    [3, 'stopped'],
    [4, 'stopping'],
    [8, 'starting'],
    [16, 'inactive'],
    [32, 'crashed'],
  ])
  return code === null ? undefined : words.get(code)
}
