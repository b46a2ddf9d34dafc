/**
 * The order that rpm gave the world: runs of digits and runs of letters are compared one by one, whatever stands between
 * them only parts them. rpm (with tilde and caret) and pacman differ in where a longer version goes.
 */

/** Digits as numbers of any length, letters as bytes; a number is newer than a word. */
export function compareSegments(a: string, b: string): number {
  const isNumber = /^\d/.test(a)
  if (isNumber !== /^\d/.test(b)) return isNumber ? 1 : -1
  return isNumber ? compareNumbers(a, b) : compareText(a, b)
}

/** As numbers, however long they are. */
export function compareNumbers(a: string, b: string): number {
  const [left, right] = [a, b].map((digits) => digits.replace(/^0+(?=.)/, '')) as [string, string]
  return left.length - right.length || compareText(left, right)
}

export function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}
