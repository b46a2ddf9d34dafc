/** Pure: /proc/self/mountinfo (proc_pid_mountinfo(5)). */
import { unescapeField } from './fstab.ts'

export interface Mounted {
  /** Major and minor number, as in `8:1`. */
  readonly device: string
  /** The directory of the file system that is seen; `/` unless it is a bind mount or a subvolume. */
  readonly root: string
  readonly path: string
  readonly fstype: string
  /** What was mounted, as it was given to the kernel. */
  readonly source: string
  /** Of the mount and of the file system; of the mount first. */
  readonly options: readonly string[]
}

/** In the order in which they were mounted. */
export function parseMountTable(text: string): readonly Mounted[] {
  return text.split('\n').flatMap((line) => parseLine(line) ?? [])
}

/** What is seen at the path: the last that was mounted there. */
export function mountedAt(table: readonly Mounted[], path: string): Mounted | undefined {
  return table.findLast((mounted) => mounted.path === path)
}

/** The mount in which the path stands. */
export function mountOf(table: readonly Mounted[], path: string): Mounted | undefined {
  return table
    .filter((mounted) => isBelow(path, mounted.path))
    .reduce<Mounted | undefined>(
      (best, mounted) => (best === undefined || mounted.path.length >= best.path.length ? mounted : best),
      undefined,
    )
}

/** Whether the path is the directory or stands in it. */
export function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`)
}

function parseLine(line: string): Mounted | undefined {
  const [mount = '', fileSystem] = line.split(' - ')
  const [, , device, root, path, options = ''] = mount.split(' ')
  const [fstype, source, more = ''] = fileSystem?.split(' ') ?? []
  if (device === undefined || root === undefined || path === undefined) return undefined
  if (fstype === undefined || source === undefined) return undefined
  return {
    device,
    root: unescapeField(root),
    path: unescapeField(path),
    fstype,
    source: unescapeField(source),
    options: [...new Set([...options.split(','), ...more.split(',')])],
  }
}
