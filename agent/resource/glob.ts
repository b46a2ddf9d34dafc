/** Pure: globs on names as a shell's, for what authors give as `ignore` and `matches`. */

/** `*` stands for any characters, `?` for one. @example globsOf(['*.log'])('a.log') // true */
export function globsOf(globs: readonly string[]): (name: string) => boolean {
  if (globs.length === 0) return () => false
  const patterns = globs.map((glob) => {
    const escaped = glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')
    return new RegExp(`^${escaped}$`, 'su')
  })
  return (name) => patterns.some((pattern) => pattern.test(name))
}
