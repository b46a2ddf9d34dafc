/** A host's files out of a table, for tests: what `FactFiles` gives, without a disk. */
import type { FactFiles, Space } from './files.ts'

/** A value that begins with `-> ` is a symbolic link. */
export function filesOf(
  files: Readonly<Record<string, string>>,
  spaces: Readonly<Record<string, Space>> = {},
): FactFiles {
  const paths = Object.keys(files)
  const read = (path: string) => files[path] ?? ''
  return {
    read,
    line: (path) => read(path).trim(),
    list: (path) => {
      const below = paths.filter((name) => name.startsWith(`${path}/`))
      return [...new Set(below.map((name) => name.slice(path.length + 1).split('/')[0] ?? ''))].sort()
    },
    link: (path) => /^-> (.*)$/.exec(read(path))?.[1] ?? '',
    exists: (path) => paths.some((name) => name === path || name.startsWith(`${path}/`)),
    space: (path) => spaces[path] ?? { sizeMiB: 0, freeMiB: 0 },
  }
}
