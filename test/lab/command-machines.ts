/** Settings of the `command` driver whose programs make a lab's nspawn machines. */
import { join } from 'node:path'
import type { CommandMachines } from '../../schemas/generated/types.ts'
import type { NspawnSettings } from '../../server/machine/nspawn/driver.ts'

export function commandMachines(settings: NspawnSettings): CommandMachines {
  const ask = [process.execPath, join(import.meta.dirname, 'machine-program.ts'), JSON.stringify(settings)]
  // A server that was killed leaves its program at work, and the next server's must wait for it. `--close`: the machine
  // itself must not inherit the lock.
  const change = ['flock', '--close', join(settings.dir, '..', 'machine.lock'), ...ask]
  return {
    ...{ create: change, destroy: change, start: change, stop: change },
    ...{ status: ask, list: ask, evidence: ask },
  }
}
