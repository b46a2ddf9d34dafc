/** The host's files, as facts are read off them: what is missing or not to be read is empty, and no reason to stop. */
import { existsSync, readdirSync, readFileSync, readlinkSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

/** Paths are relative to the host's root. */
export interface FactFiles {
  /** The text; empty when there is none. */
  read(path: string): string
  /** `read` without the line's end. */
  line(path: string): string
  /** Names in a directory, sorted. */
  list(path: string): readonly string[]
  /** Where a symbolic link leads; empty when it is none. */
  link(path: string): string
  exists(path: string): boolean
  /** Of the file system that is mounted there. */
  space(path: string): Space
}

export interface Space {
  readonly sizeMiB: number
  /** What users can still write. */
  readonly freeMiB: number
}

/** @param root where the host's files are; other than `/` in tests */
export function createFactFiles(root = '/'): FactFiles {
  const read = (path: string) => orElse('', () => readFileSync(join(root, path), 'utf8'))
  return {
    read,
    line: (path) => read(path).trim(),
    list: (path) => orElse([], () => readdirSync(join(root, path)).sort()),
    link: (path) => orElse('', () => readlinkSync(join(root, path))),
    exists: (path) => existsSync(join(root, path)),
    space: (path) =>
      orElse({ sizeMiB: 0, freeMiB: 0 }, () => {
        const { bsize, blocks, bavail } = statfsSync(join(root, path))
        return { sizeMiB: mebibytes(blocks * bsize), freeMiB: mebibytes(bavail * bsize) }
      }),
  }
}

export function mebibytes(bytes: number): number {
  return Math.floor(bytes / 1024 ** 2)
}

function orElse<Value>(none: Value, read: () => Value): Value {
  try {
    return read()
  } catch {
    return none
  }
}
