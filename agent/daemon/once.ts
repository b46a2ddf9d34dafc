/** `rekindle agent --once`: one run in the foreground, beside the daemon or without one. */
import { join } from 'node:path'
import type { Report } from '../../schemas/generated/types.ts'
import type { Config } from '../config.ts'
import type { Selection } from '../engine/prepare.ts'
import { createClient } from '../link/client.ts'
import { ensureIdentity } from './enrolment.ts'
import { acquireLock } from './lock.ts'
import type { Log } from './log.ts'
import { createMachineRunner } from './machine.ts'
import { assertEnabled } from './state.ts'

export interface OnceOptions {
  readonly noop: boolean
  /** Limits the run to a part of the catalog. */
  readonly selection?: Selection | undefined
  readonly allowCached: boolean
  /** How long to wait for a run that is under way. */
  readonly waitMs: number
  readonly signal: AbortSignal
  readonly log: Log
}

/** @throws RekindleError when the run was not attempted: `run-disabled`, `run-locked`, or no identity */
export async function runOnce(config: Config, options: OnceOptions): Promise<Report> {
  const { waitMs, signal, noop, selection, allowCached, log } = options
  assertEnabled(config.stateDir)
  const lock = await acquireLock(join(config.stateDir, 'lock'), { waitMs, signal })
  try {
    assertEnabled(config.stateDir)
    const identity = await ensureIdentity(config)
    const client = createClient({ server: config.server, identity })
    try {
      const runner = createMachineRunner(config, log, identity, () => client)
      const { report } = await runner.run(
        { trigger: 'manual', noop },
        {
          allowCached,
          signal,
          ...(selection === undefined ? {} : { selection }),
        },
      )
      return report
    } finally {
      client.close()
    }
  } finally {
    lock.release()
  }
}
