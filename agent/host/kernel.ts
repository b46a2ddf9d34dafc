/**
 * What the kernel shows and takes as files, in /proc and /sys. They have no size, so they are read to their end; and they
 * are written in place, since a rename is no write to them.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { hasCode } from '../../schemas/errors.ts'

export interface Kernel {
  /** The text; undefined when the kernel has no such file. @throws system errors such as EACCES */
  read(path: string): string | undefined
  /** @throws system errors such as EROFS and EINVAL */
  write(path: string, text: string): void
}

export function createKernel(): Kernel {
  return {
    read(path) {
      try {
        return readFileSync(path, 'utf8')
      } catch (error) {
        if (isGone(error)) return undefined
        throw error
      }
    },
    write: (path, text) => writeFileSync(path, text, { flag: 'r+' }),
  }
}

/** ESRCH: the process whose file it is has ended. */
function isGone(error: unknown): boolean {
  return hasCode(error, 'ENOENT', 'ENOTDIR', 'ESRCH')
}
