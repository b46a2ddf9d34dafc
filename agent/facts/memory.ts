/** What is wanted of /proc/meminfo, which counts in KiB. */
export type MemoryField = 'MemTotal' | 'MemAvailable' | 'SwapTotal' | 'SwapFree'

/** One field in MiB; 0 when it is not there. */
export function parseMemoryMiB(meminfo: string, field: MemoryField): number {
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1]
  return Math.floor(Number(kib ?? 0) / 1024)
}
