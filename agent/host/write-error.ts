/** Pure: a system error of a write, in words. */
import { dirname } from 'node:path/posix'
import { RekindleError } from '../../schemas/errors.ts'

interface Reason {
  readonly text: string
  readonly hint?: string
}

/** @returns RekindleError `apply-failed`, with `error` as its cause where its code says nothing to us */
export function writeError(path: string, error: unknown, kept: string): RekindleError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const reason = reasonOf(code, path)
  if (reason === undefined) {
    return new RekindleError({ code: 'apply-failed', message: `Cannot write "${path}"`, kept, cause: error })
  }
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot write "${path}": ${reason.text} (${code})`,
    kept,
    hint: reason.hint,
  })
}

function reasonOf(code: string, path: string): Reason | undefined {
  const parent = dirname(path)
  switch (code) {
    case 'ENOSPC':
      return {
        text: 'no space is left on the file system',
        hint: `See df -h "${parent}" and df -i "${parent}"`,
      }
    case 'EDQUOT':
      return { text: 'the quota is used up' }
    case 'EROFS':
      return { text: 'the file system is read-only', hint: `See findmnt -T "${parent}"` }
    case 'EPERM':
      return {
        text: 'the kernel does not permit it',
        hint: `See lsattr -d "${path}" "${parent}": an immutable attribute is taken off with chattr -i`,
      }
    case 'EACCES':
      return { text: 'permission is denied', hint: 'The agent must run as root' }
    case 'ENOENT':
      return {
        text: `directory "${parent}" does not exist`,
        hint: `Declare file "${parent}" with ensure "directory"`,
      }
    case 'ENOTDIR':
      return { text: `"${parent}" is not a directory` }
    case 'EBUSY':
      return { text: 'it is in use, such as a mount point', hint: `See findmnt "${path}"` }
    case 'ELOOP':
      return { text: 'symbolic links form a loop, or one was put in the way' }
    case 'ENAMETOOLONG':
      return { text: 'its name is too long' }
    default:
      return undefined
  }
}
