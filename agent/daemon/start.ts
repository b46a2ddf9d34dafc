import type { Config } from '../config.ts'
import { createWatch } from '../host/watch.ts'
import { runDaemon } from './daemon.ts'
import type { Log } from './log.ts'
import { createMachineRunner } from './machine.ts'
import { createMemoryStore } from './state.ts'

/** The daemon on the real host, until `signal` aborts. */
export function startDaemon(config: Config, log: Log, signal: AbortSignal): Promise<void> {
  const memory = createMemoryStore(config.stateDir)
  return runDaemon(
    {
      config,
      log,
      createWatch,
      createRunner: (identity, client) => createMachineRunner(config, log, identity, client),
      hasConverged: () => memory.load().catalog !== undefined,
    },
    signal,
  )
}
