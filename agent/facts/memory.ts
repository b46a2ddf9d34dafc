/** Parses /proc/meminfo's total, which is in KiB, and gives MiB; 0 when it is not there. */
export function parseTotalMiB(meminfo: string): number {
  const kib = /^MemTotal:\s+(\d+) kB$/m.exec(meminfo)?.[1]
  return Math.floor(Number(kib ?? 0) / 1024)
}
