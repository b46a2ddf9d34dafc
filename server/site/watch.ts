/**
 * Watches a folder, all levels deep, and calls back once after a burst of changes. One watch a folder, made by hand: Node's
 * own recursive watch throws from within, where nobody can catch it, when the kernel's watches are used up.
 */
import { type FSWatcher, readdirSync, watch } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** Folders whose changes are no change of the site. */
const ignored = new Set(['node_modules', '.git'])

export interface FolderWatch {
  close(): void
}

/**
 * Calls `onChange` when nothing has changed for `quietMs` after a change. A watcher that fails (the folder is gone, the
 * kernel's watches are used up) says so through `onError` and is made anew a little later.
 */
export function watchFolder(
  dir: string,
  { quietMs, retryMs = 5_000 }: { readonly quietMs: number; readonly retryMs?: number },
  { onChange, onError }: { readonly onChange: () => void; readonly onError: (error: unknown) => void },
): FolderWatch {
  const closing = new AbortController()
  const watchers = new Map<string, FSWatcher>()
  let timer: NodeJS.Timeout | undefined

  function changed(name: string | null): void {
    if (closing.signal.aborted || (name !== null && ignored.has(name))) return
    clearTimeout(timer)
    timer = setTimeout(settled, quietMs)
  }
  /** Folders are looked for once a burst and not at each change; one that is new may not be full yet. */
  function settled(): void {
    const isNew = lookForFolders()
    if (isNew === true) changed(null)
    if (isNew === false) onChange()
  }
  function start(): void {
    if (lookForFolders() !== undefined) changed(null)
  }
  /** Whether there are new ones; undefined when they cannot be watched. */
  function lookForFolders(): boolean | undefined {
    try {
      return watchAll()
    } catch (error) {
      failed(error)
      return undefined
    }
  }
  /** True when there were new folders. */
  function watchAll(): boolean {
    const now = new Set(foldersIn(dir))
    for (const [folder, watcher] of watchers) if (!now.has(folder)) drop(folder, watcher)
    const added = [...now].filter((folder) => !watchers.has(folder))
    for (const folder of added) {
      const watcher = watch(folder, (_event, name) => changed(name))
      watchers.set(folder, watcher)
      watcher.on('error', (error) => (folder === dir ? failed(error) : drop(folder, watcher)))
    }
    return added.length > 0
  }
  function drop(folder: string, watcher: FSWatcher): void {
    watcher.close()
    watchers.delete(folder)
  }
  function failed(error: unknown): void {
    for (const [folder, watcher] of watchers) drop(folder, watcher)
    // The new start tells of all changes.
    clearTimeout(timer)
    if (closing.signal.aborted) return
    onError(error)
    delay(retryMs, undefined, { signal: closing.signal, ref: false }).then(start, () => {})
  }
  // What changed while nobody watched is a change, too.
  start()
  return {
    close() {
      closing.abort()
      clearTimeout(timer)
      for (const [folder, watcher] of watchers) drop(folder, watcher)
    },
  }
}

/** The folder and all below it. @throws when it is not there */
function foldersIn(dir: string): readonly string[] {
  const below = readdirSync(dir, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !ignored.has(entry.name),
  )
  return [dir, ...below.flatMap(({ name }) => foldersOrNone(join(dir, name)))]
}

/** One that goes while it is looked at is gone. */
function foldersOrNone(dir: string): readonly string[] {
  try {
    return foldersIn(dir)
  } catch {
    return []
  }
}
