/** Pure: the order of Debian's versions (Debian policy 5.6.12): epoch, then upstream version, then revision. */

/** Less than 0 when `a` is older, 0 when equal, more than 0 when newer. @example compareDebVersions('1.0~rc1', '1.0') // -1 */
export function compareDebVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)]
  return (
    left.epoch - right.epoch ||
    compareParts(left.upstream, right.upstream) ||
    compareParts(left.revision, right.revision)
  )
}

function partsOf(version: string): { epoch: number; upstream: string; revision: string } {
  const colon = version.indexOf(':')
  const rest = version.slice(colon + 1)
  const dash = rest.lastIndexOf('-')
  return {
    epoch: colon === -1 ? 0 : Number(version.slice(0, colon)),
    upstream: dash === -1 ? rest : rest.slice(0, dash),
    // A missing revision is 0.
    revision: dash === -1 ? '0' : rest.slice(dash + 1),
  }
}

/** Runs of other characters and of digits, in turn; the first difference decides. */
function compareParts(a: string, b: string): number {
  let [left, right] = [a, b]
  while (left !== '' || right !== '') {
    const [wordA, wordB] = [/^\D*/.exec(left)?.[0] ?? '', /^\D*/.exec(right)?.[0] ?? '']
    const words = compareWords(wordA, wordB)
    if (words !== 0) return words
    left = left.slice(wordA.length)
    right = right.slice(wordB.length)
    const [digitsA, digitsB] = [/^\d*/.exec(left)?.[0] ?? '', /^\d*/.exec(right)?.[0] ?? '']
    const numbers = compareNumbers(digitsA, digitsB)
    if (numbers !== 0) return numbers
    left = left.slice(digitsA.length)
    right = right.slice(digitsB.length)
  }
  return 0
}

/** Letters before the rest, a tilde before everything, the end of a part included. */
function compareWords(a: string, b: string): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const order = weight(a[at]) - weight(b[at])
    if (order !== 0) return order
  }
  return 0
}

function weight(character: string | undefined): number {
  if (character === undefined) return 0
  if (character === '~') return -1
  return /[A-Za-z]/.test(character) ? character.charCodeAt(0) : character.charCodeAt(0) + 256
}

function compareNumbers(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')]
  if (left.length !== right.length) return left.length - right.length
  return left < right ? -1 : left > right ? 1 : 0
}
