/** Pure: permission bits as authors write them, in octal or as chmod(1) reads them: `0644`, `u=rw,g=r,o=`, `a+X`, `u-s`. */
import { forDirectory } from '../../../schemas/file-mode.ts'

const everyone = { u: 0o4700, g: 0o2070, o: 0o1007 } as const
const read = 0o444
const write = 0o222
const execute = 0o111
const setId = 0o6000
const sticky = 0o1000

/** What is there, or what a new file or directory would get. */
export interface ModeBase {
  readonly mode: number
  readonly isDirectory: boolean
}

/** @example modeOf('u+x', { mode: 0o644, isDirectory: false }) // 0o744 */
export function modeOf(mode: string, base: ModeBase): number {
  if (/^[0-7]+$/.test(mode)) return Number.parseInt(mode, 8)
  return mode.split(',').reduce((bits, clause) => applyClause(clause, { ...base, mode: bits }), base.mode)
}

/** One clause: who, then pairs of an operator and permissions. The schema has checked the shape. */
/**
 * Of a directory and all that is below it: octal bits give directories an x wherever there is an r, and files none, as in
 * Puppet, which does so without `recurse` too.
 */
export function modeInTree(mode: string, base: ModeBase): number {
  const bits = modeOf(mode, base)
  if (!/^[0-7]+$/.test(mode)) return bits
  return base.isDirectory ? forDirectory(bits) : bits & ~0o111
}

function applyClause(clause: string, base: ModeBase): number {
  const [, who = '', acts = ''] = /^([ugoa]*)(.*)$/.exec(clause) ?? []
  const mask = maskOf(who)
  let { mode } = base
  for (const [, operator, letters = ''] of acts.matchAll(/([-+=])([rwxXst]*)/g)) {
    const bits = bitsOf(letters, { ...base, mode }) & mask
    if (operator === '+') mode |= bits
    else if (operator === '-') mode &= ~bits
    // What is not named is cleared; the special bits too, but for a directory's, as in chmod(1).
    else mode = (mode & ~(base.isDirectory ? mask & 0o777 : mask)) | bits
  }
  return mode
}

function maskOf(who: string): number {
  if (who === '' || who.includes('a')) return 0o7777
  // The sticky bit is nobody's in particular, and goes with whoever is named.
  return [...who].reduce((mask, one) => mask | everyone[one as keyof typeof everyone], 0) | sticky
}

function bitsOf(letters: string, { mode, isDirectory }: ModeBase): number {
  return [...letters].reduce((bits, letter) => {
    switch (letter) {
      case 'r':
        return bits | read
      case 'w':
        return bits | write
      case 'x':
        return bits | execute
      case 'X':
        return isDirectory || (mode & execute) !== 0 ? bits | execute : bits
      case 's':
        return bits | setId
      default:
        return bits | sticky
    }
  }, 0)
}
