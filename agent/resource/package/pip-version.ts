/** How Python packages are ordered: PEP 440, with the spellings that it takes for one. */
import { compareNumbers, compareText } from './segment-version.ts'

const pattern =
  /^v?(?:(?<epoch>\d+)!)?(?<release>\d+(?:\.\d+)*)(?:[-_.]?(?<word>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?<number>\d*))?(?:-(?<bare>\d+)|[-_.]?(?<post>post|rev|r)[-_.]?(?<postNumber>\d*))?(?:[-_.]?(?<dev>dev)[-_.]?(?<devNumber>\d*))?(?:\+(?<local>[a-z\d]+(?:[-_.][a-z\d]+)*))?$/

interface PipVersion {
  readonly epoch: string
  /** Without the zeros at its end: 1.0 is 1. */
  readonly release: readonly string[]
  /** Below 0 before a release, above after it; then the number. */
  readonly phase: readonly [rank: number, number: string]
  readonly post: string | undefined
  readonly dev: string | undefined
  readonly local: readonly string[]
}

/** Versions that PEP 440 does not know are older than all others, as they were to pip. */
export function comparePipVersions(a: string, b: string): number {
  const [left, right] = [parsePipVersion(a), parsePipVersion(b)]
  if (left === undefined || right === undefined) {
    if (left === right) return compareText(a, b)
    return left === undefined ? -1 : 1
  }
  return (
    compareNumbers(left.epoch, right.epoch) ||
    compareLists(left.release, right.release, '0') ||
    left.phase[0] - right.phase[0] ||
    compareNumbers(left.phase[1], right.phase[1]) ||
    compareOptional(left.post, right.post, -1) ||
    compareOptional(left.dev, right.dev, 1) ||
    compareLocals(left.local, right.local)
  )
}

const ranks: Readonly<Record<string, number>> = {
  a: -3,
  alpha: -3,
  b: -2,
  beta: -2,
  c: -1,
  rc: -1,
  pre: -1,
  preview: -1,
}

function parsePipVersion(text: string): PipVersion | undefined {
  const groups = pattern.exec(text.trim().toLowerCase())?.groups
  if (groups === undefined) return undefined
  const { epoch, release = '', word, number, bare, post, postNumber, dev, devNumber, local } = groups
  const isDevOnly = word === undefined && post === undefined && bare === undefined && dev !== undefined
  const rank = word === undefined ? 0 : (ranks[word] ?? 0)
  return {
    epoch: epoch ?? '0',
    release: release.replace(/(?:\.0+)+$/, '').split('.'),
    // 1.0.dev1 comes before 1.0a1.
    phase: [isDevOnly ? -4 : rank, numberOr0(number)],
    post: bare ?? (post === undefined ? undefined : numberOr0(postNumber)),
    dev: dev === undefined ? undefined : numberOr0(devNumber),
    local: local?.split(/[-_.]/) ?? [],
  }
}

function numberOr0(text: string | undefined): string {
  return text === undefined || text === '' ? '0' : text
}

/** @param absent where one that is not there goes: -1 before all others, 1 after them */
function compareOptional(a: string | undefined, b: string | undefined, absent: -1 | 1): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? absent : -absent
  return compareNumbers(a, b)
}

function compareLists(a: readonly string[], b: readonly string[], missing: string): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const order = compareNumbers(a[at] ?? missing, b[at] ?? missing)
    if (order !== 0) return order
  }
  return 0
}

/** Numbers are newer than words here, and a longer one is newer than its beginning. */
function compareLocals(a: readonly string[], b: readonly string[]): number {
  for (let at = 0; ; at++) {
    const [l, r] = [a[at], b[at]]
    if (l === undefined || r === undefined) return a.length - b.length
    const [left, right] = [/^\d+$/.test(l), /^\d+$/.test(r)]
    const order = left !== right ? (left ? 1 : -1) : left ? compareNumbers(l, r) : compareText(l, r)
    if (order !== 0) return order
  }
}
