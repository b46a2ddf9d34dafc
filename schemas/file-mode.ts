/** Permission bits, as people write them and as Puppet reads them. */

/** Four octal digits, the special bits first. */
export function renderMode(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0')
}

/** What octal bits for a tree are for its directories: an x wherever there is an r. */
export function forDirectory(bits: number): number {
  return bits | ((bits & 0o444) >> 2)
}
