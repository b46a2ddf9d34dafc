/** Forgets a host: the database first, so that dying in the middle leaves machines that the next start knows as waste. */
import { RekindleError } from '../../schemas/errors.ts'
import { deleteHost, findHost } from '../store/host.ts'
import { findIncarnationByMachine, listIncarnations } from '../store/incarnation.ts'
import { transact } from '../store/statement.ts'
import type { RebuildDriver, RebuildPorts } from './ports.ts'
import { retire } from './transition.ts'

/**
 * @returns the names of the machines that the host ever had.
 * @throws RekindleError `not-found`.
 */
export function forgetHost(ports: RebuildPorts, name: string, by: string): ReadonlySet<string> {
  const lives = transact(ports.db, () => {
    if (findHost(ports.db, name) === undefined) {
      throw new RekindleError({ code: 'not-found', message: `Cannot find host "${name}"` })
    }
    const known = listIncarnations(ports.db, name, 10_000)
    for (const { id } of known) retire(ports, id, `host ${name} was removed`)
    deleteHost(ports.db, name)
    ports.audit(by, 'host.removed', `host:${name}`, 'its certificates are revoked')
    return known
  })
  for (const { id } of lives) ports.disconnect(id)
  ports.live.emit({ type: 'host', host: name })
  return new Set(lives.map(({ machine }) => machine))
}

export interface ForgottenHost {
  readonly name: string
  readonly machines: ReadonlySet<string>
}

/** Destroys what is left of a host that was forgotten; a half-made machine is known by its own name alone. */
export async function destroyForgotten(
  ports: RebuildPorts,
  driver: RebuildDriver,
  { name, machines }: ForgottenHost,
): Promise<void> {
  for (const { machine, host } of await driver.list()) {
    if (host !== name && !machines.has(machine)) continue
    if (findIncarnationByMachine(ports.db, machine) !== undefined) continue
    await driver.destroy(machine)
    ports.audit('server', 'machine.destroyed', `host:${name}`, machine)
  }
}
