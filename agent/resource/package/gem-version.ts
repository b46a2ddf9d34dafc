/** How RubyGems orders versions (Gem::Version): a word anywhere makes it a version before the release. */
import { compareNumbers, compareText } from './segment-version.ts'

/** @example compareGemVersions('1.0.a2', '1.0') // below 0 */
export function compareGemVersions(a: string, b: string): number {
  const [left, right] = [segmentsOf(a), segmentsOf(b)]
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const order = compareAt(left[at] ?? '0', right[at] ?? '0')
    if (order !== 0) return order
  }
  return 0
}

/** Zeros at the end of the number and of the words say nothing; a dash stands for `.pre.`. */
function segmentsOf(version: string): readonly string[] {
  const all =
    version
      .trim()
      .replaceAll('-', '.pre.')
      .match(/\d+|[a-z]+/gi) ?? []
  const word = all.findIndex((segment) => !/^\d/.test(segment))
  const [numbers, words] = word < 0 ? [all, []] : [all.slice(0, word), all.slice(word)]
  return [...withoutZeros(numbers), ...withoutZeros(words)]
}

function withoutZeros(segments: readonly string[]): readonly string[] {
  return segments.slice(0, segments.findLastIndex((segment) => !/^0+$/.test(segment)) + 1)
}

function compareAt(a: string, b: string): number {
  const [left, right] = [/^\d/.test(a), /^\d/.test(b)]
  if (left !== right) return left ? 1 : -1
  return left ? compareNumbers(a, b) : compareText(a, b)
}
