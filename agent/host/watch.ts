/**
 * Tells by inotify that something may have moved. A hint: what it misses (a directory above that is renamed, a file system
 * mounted over, no more watches to be had), the poll finds.
 *
 * Only directories are watched: a watch on a file ends when an editor replaces it, and on overlayfs when it is first
 * written. libuv drops the kernel's word that its queue overflowed, so a burst as long as half that queue counts as one.
 */
import { type FSWatcher, readFileSync, statSync, watch } from 'node:fs'
import { basename } from 'node:path/posix'
import { type DirectoryWanted, watchPlan } from './watch-plan.ts'

export interface Watch {
  /**
   * Watches these from now on, and nothing else: `/etc/motd` is that entry of its directory, `/run/queue/` every entry of
   * that one. They need not exist.
   */
  set(paths: readonly string[]): void
  close(): void
}

interface Watched {
  readonly watcher: FSWatcher
  /** Undefined: all names. */
  names: ReadonlySet<string> | undefined
}

/** Many events of one save, or of one package, are one call. */
const settleMs = 20

/** Calls `onChange`, some milliseconds after one or many events, until it is closed. Does not keep the process alive. */
export function createWatch(onChange: () => void): Watch {
  const watched = new Map<string, Watched>()
  const burst = createBurst(queueLength() / 2)
  let paths: readonly string[] = []
  let timer: NodeJS.Timeout | undefined

  function settle(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      sync()
      onChange()
    }, settleMs).unref()
  }

  function sync(): void {
    const wanted = watchPlan(paths, isDirectory)
    const dirs = new Set(wanted.map(({ dir }) => dir))
    for (const dir of [...watched.keys()]) if (!dirs.has(dir)) drop(dir)
    const added = wanted.filter(add)
    // A directory that was made after it was looked for, and before the one above was watched, would stay unseen.
    if (added.length > 0) sync()
  }

  /** @returns whether a watch was added */
  function add({ dir, names }: DirectoryWanted): boolean {
    const known = watched.get(dir)
    if (known !== undefined) {
      known.names = names
      return false
    }
    try {
      const watcher = watch(dir, { persistent: false }, (event, name) => onEvent(dir, event, name))
      watcher.on('error', () => drop(dir))
      watched.set(dir, { watcher, names })
      return true
    } catch {
      // Gone since it was looked at, or no watches are left (fs.inotify.max_user_watches): tried again at the next set().
      return false
    }
  }

  function drop(dir: string): void {
    watched.get(dir)?.watcher.close()
    watched.delete(dir)
  }

  function onEvent(dir: string, event: string, name: string | null): void {
    const overflowed = burst.isOver()
    // libuv gives an event of the directory itself the directory's own name: it may be gone, and its watch with it.
    const isItself = name === basename(dir)
    if (isItself && event === 'rename') drop(dir)
    const names = watched.get(dir)?.names
    if (overflowed || isItself || names === undefined || name === null || names.has(name)) settle()
  }

  return {
    set(next) {
      paths = next
      sync()
    },
    close() {
      clearTimeout(timer)
      paths = []
      for (const dir of [...watched.keys()]) drop(dir)
    },
  }
}

/** Counts events that come in one turn of the event loop. */
function createBurst(limit: number) {
  let count = 0
  return {
    isOver(): boolean {
      if (count === 0) {
        setImmediate(() => {
          count = 0
        }).unref()
      }
      count += 1
      return count >= limit
    },
  }
}

function queueLength(): number {
  try {
    return Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8')) || 16384
  } catch {
    return 16384
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  } catch {
    return false
  }
}
