/**
 * Makes machines and incarnations agree: starts what should run, removes what no one knows any more. Only machines that
 * the driver calls its own are looked at.
 */

import { errorShape } from '../../schemas/errors.ts'
import type { Machine } from '../machine/driver.ts'
import { findIncarnationByMachine, type Incarnation, saveAddress } from '../store/incarnation.ts'
import { knowsMachines, openRebuildOf, type Rebuild } from '../store/rebuild.ts'
import type { RebuildDriver, RebuildPorts } from './ports.ts'

type Ports = Pick<RebuildPorts, 'db' | 'audit' | 'log' | 'disconnect'>

export type Verdict = 'start' | 'keep' | 'destroy'

/** @returns false when something could not be done and is worth another try. */
export async function tidy(ports: Ports, driver: RebuildDriver): Promise<boolean> {
  const machines = await driver.list()
  if (machines.length > 0 && !knowsMachines(ports.db)) {
    // More likely the database was lost or is another one than that all of these are waste.
    const names = machines.map(({ machine }) => machine).join(', ')
    ports.audit(
      'server',
      'machine.unknown',
      'server',
      `left alone, since the database knows no machine at all: ${names}`,
    )
    return true
  }
  const results = await Promise.all(machines.map((machine) => settle(ports, driver, machine)))
  return results.every(Boolean)
}

/** What becomes of a machine, by the incarnation that has its name and the host's open rebuild. */
export function judgeMachine(
  machine: Pick<Machine, 'state'>,
  incarnation: Pick<Incarnation, 'id' | 'state'> | undefined,
  rebuild: Pick<Rebuild, 'from' | 'to' | 'state'> | undefined,
): Verdict {
  if (incarnation === undefined) return 'destroy'
  const ours = rebuild?.to === incarnation.id || rebuild?.from === incarnation.id
  if (incarnation.state === 'current') return machine.state === 'stopped' ? 'start' : 'keep'
  // The rebuild's own steps make, start and destroy these; a held candidate stays as it is, to be looked at.
  if (!ours) return 'destroy'
  const waited = rebuild?.state !== 'creating' && rebuild?.state !== 'held' && rebuild?.state !== 'cancelled'
  return incarnation.state === 'candidate' && waited && machine.state === 'stopped' ? 'start' : 'keep'
}

async function settle(ports: Ports, driver: RebuildDriver, found: Machine): Promise<boolean> {
  const { machine } = found
  const incarnation = findIncarnationByMachine(ports.db, machine)
  // A half-made machine may not know its host yet.
  const host = incarnation?.host ?? found.host
  try {
    switch (judgeMachine(found, incarnation, openRebuildOf(ports.db, host))) {
      case 'keep':
        return true
      case 'start': {
        const { address } = await driver.start(machine)
        if (incarnation !== undefined) saveAddress(ports.db, incarnation.id, address)
        ports.audit('server', 'machine.started', `host:${host}`, machine)
        return true
      }
      case 'destroy':
        if (incarnation !== undefined) ports.disconnect(incarnation.id)
        await driver.destroy(machine)
        ports.audit(
          'server',
          'machine.destroyed',
          `host:${host}`,
          `${machine}, which no incarnation knows any more`,
        )
        return true
    }
  } catch (error) {
    ports.log.error({ machine, error: errorShape(error) }, 'machine could not be settled')
    return false
  }
}
