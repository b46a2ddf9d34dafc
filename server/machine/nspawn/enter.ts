/** Runs a command inside a running machine. */
import { RekindleError } from '../../../schemas/errors.ts'
import { leaderOf } from './driver.ts'
import { type Ran, tryRun } from './run.ts'

/** A hundred packages by a slow tool; a test's own limit ends what hangs. */
const commandTimeoutMs = 600_000

/**
 * As root, in all namespaces of the machine of that folder.
 *
 * @throws RekindleError `machine-failed` when it does not run
 */
export async function enterMachine(dir: string, machine: string, argv: readonly string[]): Promise<Ran> {
  const leader = leaderOf(dir, machine)
  if (leader === undefined) {
    throw new RekindleError({
      code: 'machine-failed',
      message: `Cannot enter the machine "${machine}": it does not run`,
    })
  }
  return tryRun(['nsenter', '-t', String(leader), '-a', ...argv], { timeoutMs: commandTimeoutMs })
}
