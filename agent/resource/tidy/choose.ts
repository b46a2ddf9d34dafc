/** Pure: what of a directory's entries goes. */
import { dirname, join } from 'node:path/posix'
import type { TidyParams } from '../../../schemas/generated/types.ts'
import type { SweptEntry } from '../../host/sweep.ts'
import { globsOf } from '../glob.ts'

const secondsOf = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const
const powerOf = { b: 0, k: 1, m: 2, g: 3, t: 4 } as const

export interface Swept {
  /** The directory that was looked through. */
  readonly root: string
  /** Directories after what is in them. */
  readonly entries: readonly SweptEntry[]
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** In the order in which they can be removed: directories after what is in them. */
export function choose(params: TidyParams, { root, entries, now }: Swept): readonly SweptEntry[] {
  const declared = new Set(params.declaredBelow)
  const isGoing = ruleOf(params, now)
  const isOld = ageRule(params, now)
  /** Directories in which something stays. */
  const held = new Set<string>()
  return entries.filter((entry) => {
    const goes =
      !declared.has(join(root, entry.path)) &&
      (entry.kind === 'directory'
        ? params.rmdirs === true && entry.isListed && !held.has(entry.path) && isOld(entry)
        : isGoing(entry))
    if (!goes) held.add(dirname(entry.path))
    return goes
  })
}

function ruleOf(params: TidyParams, now: number): (entry: SweptEntry) => boolean {
  const { kinds = ['file', 'symlink'], size, matches } = params
  const isNamed = matches === undefined ? () => true : globsOf(matches)
  const least = size === undefined ? 0 : bytesOf(size)
  const isOld = ageRule(params, now)
  return (entry) =>
    kinds.some((kind) => kind === entry.kind) &&
    entry.size >= least &&
    isNamed(entry.path.slice(entry.path.lastIndexOf('/') + 1)) &&
    isOld(entry)
}

function ageRule({ age, ageBy = 'mtime' }: TidyParams, now: number): (entry: SweptEntry) => boolean {
  if (age === undefined) return () => true
  const before = now - millisecondsOf(age)
  return (entry) => entry[`${ageBy}Ms`] < before
}

/** @example millisecondsOf('2w') // 1_209_600_000 */
export function millisecondsOf(age: string): number {
  // The schema has checked the unit.
  return Number(age.slice(0, -1)) * secondsOf[age.slice(-1) as keyof typeof secondsOf] * 1000
}

/** @example bytesOf('4k') // 4096 */
export function bytesOf(size: string): number {
  const [, count = '', unit = 'b'] = /^(\d+)([bkmgt]?)$/.exec(size) ?? []
  return Number(count) * 1024 ** powerOf[(unit || 'b') as keyof typeof powerOf]
}
