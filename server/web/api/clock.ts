/**
 * The server's clock as the page knows it. Every time on the page is the server's, so ages are counted by its clock
 * too: a laptop that is a minute off must not show a fresh drift as old.
 */
let offsetMs = 0

/** Takes the `Date` header of an answer, which has whole seconds; a smaller difference than two of them says nothing. */
export function noteServerDate(header: string | null, localMs: number): void {
  if (header === null) return
  const difference = Date.parse(header) - localMs
  if (Number.isNaN(difference)) return
  offsetMs = Math.abs(difference) < 2000 ? 0 : difference
}

/** Milliseconds since 1970 by the server's clock. */
export function serverNow(): number {
  return Date.now() + offsetMs
}
