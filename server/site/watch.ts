/** Watches a folder, all levels deep, and calls back once after a burst of changes. */
import { type FSWatcher, watch } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** Folders whose changes are no change of the site. */
const ignored = /(?:^|\/)(?:node_modules|\.git)(?:\/|$)/

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
  let watcher: FSWatcher | undefined
  let timer: NodeJS.Timeout | undefined

  function changed(name: string | null): void {
    if (name !== null && ignored.test(name)) return
    clearTimeout(timer)
    timer = setTimeout(onChange, quietMs)
  }
  function failed(error: unknown): void {
    watcher?.close()
    watcher = undefined
    if (closing.signal.aborted) return
    onError(error)
    delay(retryMs, undefined, { signal: closing.signal, ref: false }).then(start, () => {})
  }
  function start(): void {
    try {
      watcher = watch(dir, { recursive: true }, (_event, name) => changed(name))
      watcher.on('error', failed)
      // What changed while nobody watched.
      changed(null)
    } catch (error) {
      failed(error)
    }
  }
  start()
  return {
    close() {
      closing.abort()
      clearTimeout(timer)
      watcher?.close()
    },
  }
}
