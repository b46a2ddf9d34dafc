/** How npm orders versions: Semantic Versioning 2.0.0, section 11. */
import { compareNumbers, compareText } from './segment-version.ts'

/** @example compareNpmVersions('1.0.0-rc.1', '1.0.0') // below 0 */
export function compareNpmVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)]
  for (let at = 0; at < 3; at++) {
    const order = compareNumbers(left.core[at] ?? '0', right.core[at] ?? '0')
    if (order !== 0) return order
  }
  return comparePrerelease(left.prerelease, right.prerelease)
}

/** Without what is built of it (after a plus), which counts nothing. */
function parse(version: string): {
  readonly core: readonly string[]
  readonly prerelease: readonly string[]
} {
  const [bare = ''] = version.replace(/^[v=\s]+/, '').split('+')
  const dash = bare.indexOf('-')
  return {
    core: (dash < 0 ? bare : bare.slice(0, dash)).split('.'),
    prerelease: dash < 0 ? [] : bare.slice(dash + 1).split('.'),
  }
}

function comparePrerelease(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length
  for (let at = 0; ; at++) {
    const [l, r] = [a[at], b[at]]
    if (l === undefined || r === undefined) return a.length - b.length
    const order = compareIdentifiers(l, r)
    if (order !== 0) return order
  }
}

/** Numbers are older than words. */
function compareIdentifiers(a: string, b: string): number {
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (left && right) return compareNumbers(a, b)
  if (left !== right) return left ? -1 : 1
  return compareText(a, b)
}
