/** A site in a folder of the server's machine, taken as it stands whenever it changes. */
import type { Logger } from 'pino'
import type { Source } from './source.ts'
import { type FolderWatch, watchFolder } from './watch.ts'

const quietMs = 150

export function createFolder(dir: string, log: Logger): Source {
  let watcher: FolderWatch | undefined
  return {
    repository: undefined,
    refresh: async () => {},
    find: async () => ({ commit: undefined, withFiles: (use) => use(dir) }),
    watch(onChange) {
      watcher = watchFolder(
        dir,
        { quietMs },
        {
          onChange: () => {
            onChange().catch((error: unknown) => log.error({ err: error }, 'site.check-failed'))
          },
          onError: (error) => log.warn({ err: error, dir }, 'site.watch-failed'),
        },
      )
    },
    async close() {
      watcher?.close()
    },
  }
}
