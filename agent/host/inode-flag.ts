/** Attributes of inodes (chattr(1)) that hold root off: a change fails with EPERM, and no permission bit tells why. */
import { spawnSync } from 'node:child_process'
import { dirname } from 'node:path/posix'
import { hasCode, RekindleError } from '../../schemas/errors.ts'

const words = { i: 'immutable', a: 'append-only' } as const
type Flag = keyof typeof words

export interface Held {
  readonly path: string
  readonly flag: Flag
}

/** Pure: the first that is held, in what `lsattr -d` printed. @example heldIn('----i-----e--- /a') */
export function heldIn(listing: string): Held | undefined {
  for (const line of listing.split('\n')) {
    const [, flags = '', path = ''] = /^([A-Za-z-]+) +(\/.*)$/.exec(line) ?? []
    if (flags.includes('i')) return { path, flag: 'i' }
    if (flags.includes('a')) return { path, flag: 'a' }
  }
  return undefined
}

/** Why a change at the path was not permitted; undefined for any other error, and where lsattr cannot tell. */
export function heldError(path: string, error: unknown, kept: string): RekindleError | undefined {
  if (!hasCode(error, 'EPERM')) return undefined
  const { stdout } = spawnSync('lsattr', ['-d', path, dirname(path)], { encoding: 'utf8', timeout: 10_000 })
  const held = heldIn(stdout ?? '')
  if (held === undefined) return undefined
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot write "${path}": "${held.path}" has the ${words[held.flag]} attribute (lsattr: ${held.flag})`,
    kept,
    hint: `If nobody wants it held, take it off with chattr -${held.flag} "${held.path}"`,
  })
}
