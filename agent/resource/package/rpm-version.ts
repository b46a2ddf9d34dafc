/** How rpm orders `[epoch:]version[-release][.arch]`: rpmvercmp with tilde and caret (rpm-version(7)). */
import { compareNumbers, compareSegments } from './segment-version.ts'

/** An epoch or a release that is not there is undefined: it was not said. */
export interface RpmVersion {
  readonly epoch: string | undefined
  readonly version: string
  readonly release: string | undefined
  readonly arch: string | undefined
}

/** Of a list, since `1.noarch` and `1.el9` look alike. */
const architecture =
  /\.(noarch|x86_64(?:_v\d)?|i[3-6]86|aarch64|armv\w+|ppc64(?:le)?|ppc|s390x?|riscv64|loongarch64|src)$/

/** @example parseRpmVersion('1:1.1-1.noarch') // epoch 1, version 1.1, release 1, arch noarch */
export function parseRpmVersion(text: string): RpmVersion {
  const arch = architecture.exec(text)?.[1]
  const bare = arch === undefined ? text : text.slice(0, -arch.length - 1)
  const [, epoch, version = bare, release] = /^(?:(\d+):)?([^-]+)(?:-(.+))?$/.exec(bare) ?? []
  return { epoch, version, release, arch }
}

/** The whole order, for installed and available versions: no epoch is epoch 0, the architecture counts nothing. */
export function compareRpmVersions(a: string, b: string): number {
  const [left, right] = [parseRpmVersion(a), parseRpmVersion(b)]
  return (
    compareNumbers(left.epoch ?? '0', right.epoch ?? '0') ||
    compareRpmParts(left.version, right.version) ||
    // As rpm and dnf do for a dependency: where one side has no release, any will do.
    (left.release === undefined || right.release === undefined
      ? 0
      : compareRpmParts(left.release, right.release))
  )
}

/**
 * Whether an installed version is what an author asks for. What the author does not say may be anything: dnf takes
 * `1.1-1` for `1:1.1-1.noarch`, so it has to be in sync afterwards.
 */
export function isRpmVersion(installed: string, asked: string): boolean {
  const [is, wanted] = [parseRpmVersion(installed), parseRpmVersion(asked)]
  return (
    (wanted.epoch === undefined || compareNumbers(is.epoch ?? '0', wanted.epoch) === 0) &&
    is.version === wanted.version &&
    (wanted.release === undefined || is.release === wanted.release) &&
    (wanted.arch === undefined || is.arch === undefined || is.arch === wanted.arch)
  )
}

/** rpmvercmp of two versions, or of two releases. */
export function compareRpmParts(a: string, b: string): number {
  const left = segmentsOf(a)
  const right = segmentsOf(b)
  for (let at = 0; at < left.length || at < right.length; at++) {
    const order = compareAt(left[at], right[at])
    if (order !== 0) return order
  }
  return 0
}

function segmentsOf(text: string): readonly string[] {
  return text.match(/\d+|[A-Za-z]+|~|\^/g) ?? []
}

/** A tilde is older than the end, and a caret newer than the end but older than anything else. */
function compareAt(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0
  if (a === '~') return -1
  if (b === '~') return 1
  if (a === '^') return b === undefined ? 1 : -1
  if (b === '^') return a === undefined ? -1 : 1
  if (a === undefined) return -1
  if (b === undefined) return 1
  return compareSegments(a, b)
}
