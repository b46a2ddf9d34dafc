/**
 * Pure: since when the host is up. Of a container that is the start of its process 1, which the kernel counts from its own
 * boot. Not the clock less the uptime: that would move with every correction of the clock.
 */

/** Texts of files in /proc. */
export interface BootEvidence {
  /** /proc/stat, of which `btime` counts: seconds since the epoch. */
  readonly stat: string
  /** /proc/1/stat. */
  readonly init: string
}

/** What a tick is worth to user space on every architecture (USER_HZ). */
const ticksPerSecond = 100

/** ISO 8601 in UTC, to the second; empty when the kernel does not tell. */
export function bootTime({ stat, init }: BootEvidence): string {
  const btime = /^btime (\d+)$/m.exec(stat)?.[1]
  if (btime === undefined) return ''
  const time = new Date((Number(btime) + Math.floor(startOf(init))) * 1000)
  return time.toISOString().replace('.000Z', 'Z')
}

/** @param uptime text of /proc/uptime */
export function uptimeSeconds(uptime: string, init: string): number {
  return Math.max(0, Math.floor(Number(uptime.split(' ')[0] ?? 0) - startOf(init)))
}

/** Seconds from the kernel's boot; the name of the process, in parentheses, may hold anything. */
function startOf(init: string): number {
  const fields = init.slice(init.lastIndexOf(')') + 2).split(' ')
  return Number(fields[19] ?? 0) / ticksPerSecond
}
