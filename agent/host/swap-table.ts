/** Pure: /proc/swaps, and sizes as people write them. */
import { unescapeField } from './fstab.ts'

export interface ActiveSwap {
  readonly path: string
  /** Below 0 where the kernel has chosen it. */
  readonly priority: number
}

/** The first line is a heading. */
export function parseSwaps(text: string): readonly ActiveSwap[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [path, , , , priority] = line.trim().split(/\s+/)
      return path === undefined || priority === undefined
        ? []
        : [{ path: unescapeField(path), priority: Number(priority) }]
    })
}

/** @example bytesOf('2G') // 2147483648 */
export function bytesOf(size: string): number {
  return Number(size.slice(0, -1)) * 1024 ** ('kMG'.indexOf(size.slice(-1)) + 1)
}
