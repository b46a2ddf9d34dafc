/** Titles that are paths. Pure. */

/** `/a/` is `/a`. */
export function normalisePath(path: string): string {
  return path.replace(/\/(?:\.?\/)+/g, '/').replace(/(.)\/\.?$/, '$1')
}

export function isUrl(source: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(source)
}

export function wrongPath(path: string): string | undefined {
  if (!path.startsWith('/')) return 'the title is not an absolute path'
  if (path.split('/').includes('..')) return 'the title has ".." in its path'
  return path.includes('\0') ? 'the title has a NUL character' : undefined
}
