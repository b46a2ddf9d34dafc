/** How pacman orders `[epoch:]version[-pkgrel]` (vercmp(8)): alpm's own heir of rpmvercmp. */
import { compareNumbers, compareSegments } from './segment-version.ts'

/** A pkgrel counts only where both have one. */
export function comparePacmanVersions(a: string, b: string): number {
  const [left, right] = [parsePacmanVersion(a), parsePacmanVersion(b)]
  return (
    compareNumbers(left.epoch, right.epoch) ||
    comparePacmanParts(left.version, right.version) ||
    (left.release === undefined || right.release === undefined
      ? 0
      : comparePacmanParts(left.release, right.release))
  )
}

function parsePacmanVersion(text: string) {
  const [, epoch = '0', rest = text] = /^(\d*):(.*)$/.exec(text) ?? []
  const dash = rest.lastIndexOf('-')
  return {
    epoch: epoch === '' ? '0' : epoch,
    version: dash < 0 ? rest : rest.slice(0, dash),
    release: dash < 0 ? undefined : rest.slice(dash + 1),
  }
}

/** What parts two segments counts too, by its length: `2.0` is older than `2..0`. */
export function comparePacmanParts(a: string, b: string): number {
  let [left, right] = [a, b]
  while (left !== '' && right !== '') {
    const [l, r] = [headOf(left), headOf(right)]
    ;[left, right] = [left.slice(l.parting), right.slice(r.parting)]
    if (left === '' || right === '') break
    const order = l.parting - r.parting || compareSegments(l.text, r.text)
    if (order !== 0) return order
    ;[left, right] = [left.slice(l.text.length), right.slice(r.text.length)]
  }
  return compareRests(left, right)
}

/** What parts it from what was before (a number of characters), and the run of digits or letters behind that. */
function headOf(rest: string): { readonly parting: number; readonly text: string } {
  const [, parting = '', text = ''] = /^([^0-9A-Za-z]*)(\d+|[A-Za-z]*)/.exec(rest) ?? []
  return { parting: parting.length, text }
}

/** One is at its end: `1.0` is newer than `1.0rc1`, where a word follows, and older than all else that is longer. */
function compareRests(a: string, b: string): number {
  if (a === b) return 0
  return (a === '' && !/^[A-Za-z]/.test(b)) || /^[A-Za-z]/.test(a) ? -1 : 1
}
