/**
 * Pure: which directories to watch for a list of paths, and for which names in each.
 *
 * `/etc/motd` is the entry `motd` of `/etc`, since editors replace files. `/run/queue/`, with a slash at its end, is every
 * entry of `/run/queue`. Where a directory is not there yet, the nearest one above it is watched for the next name down.
 */
import { dirname, join } from 'node:path/posix'

export interface DirectoryWanted {
  readonly dir: string
  /** Base names of interest; absent: all. */
  readonly names?: ReadonlySet<string>
}

/** @example watchPlan(['/etc/motd'], () => true) // [{ dir: '/etc', names: new Set(['motd']) }] */
export function watchPlan(
  paths: readonly string[],
  isDirectory: (path: string) => boolean,
): readonly DirectoryWanted[] {
  const byDirectory = new Map<string, Set<string> | undefined>()
  const known = new Map<string, boolean>()
  const isThere = (path: string) => {
    const seen = known.get(path) ?? isDirectory(path)
    known.set(path, seen)
    return seen
  }
  for (const path of paths) {
    const { dir, name } = nearest(split(path), isThere)
    if (name === undefined) byDirectory.set(dir, undefined)
    else if (!byDirectory.has(dir)) byDirectory.set(dir, new Set([name]))
    else byDirectory.get(dir)?.add(name)
  }
  return [...byDirectory].map(([dir, names]) => (names === undefined ? { dir } : { dir, names }))
}

interface Entry {
  readonly dir: string
  readonly name: string | undefined
}

function split(path: string): Entry {
  if (path.endsWith('/')) return { dir: join(path, '.').replace(/(?<=.)\/$/, ''), name: undefined }
  return { dir: dirname(path), name: path.slice(path.lastIndexOf('/') + 1) }
}

function nearest({ dir, name }: Entry, isThere: (path: string) => boolean): Entry {
  if (dir === '/' || isThere(dir)) return { dir, name }
  return nearest(split(dir), isThere)
}
