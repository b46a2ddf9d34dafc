/** Draining, evidence, destroying, and undoing what a cancelled rebuild made: machines that go. */
import { errorShape } from '../../schemas/errors.ts'
import { listOpenDrift } from '../store/drift.ts'
import { findIncarnation } from '../store/incarnation.ts'
import { healthRefusal } from './budget.ts'
import { renderEvidence } from './evidence.ts'
import { candidateOf, loadFleet } from './fleet.ts'
import { comingOf, goingOf, type Scene, type StepEnd } from './scene.ts'

const noMachine: StepEnd = { end: 'done', detail: 'the host had no machine' }

/**
 * Being in this state is what takes the host out of its pool. The last look before something in service is taken away:
 * hours may lie between the rails and here, when the server was down or a person resumed it.
 */
export async function drain(scene: Scene): Promise<StepEnd> {
  const { ports, driver, row, startedAt, limits } = scene
  if (goingOf(scene) === undefined) return noMachine
  if (row.order === 'in-place') {
    const fleet = loadFleet(ports, { startedAt, limits })
    const why = healthRefusal(candidateOf(ports, row), fleet, ports.poolOf(row.host))
    if (why !== undefined) return { end: 'wait', why }
  } else {
    const coming = comingOf(scene)
    const there = await driver.status(coming.machine)
    if (there?.state !== 'running') {
      return { end: 'failed', why: `${coming.machine} does not run any more, so the old machine stays` }
    }
  }
  return { end: 'done', detail: 'no balancer is configured, so there was nothing to drain' }
}

/** A machine that is too sick to give its logs is no reason to keep it. */
export async function keepEvidence(scene: Scene): Promise<StepEnd> {
  const { ports, driver, limits } = scene
  const going = goingOf(scene)
  if (going === undefined) return noMachine
  const log = await driver
    .evidence(going.machine)
    .catch((error: unknown) => `(its log could not be read: ${errorShape(error).message})`)
  const drift = listOpenDrift(ports.db, going.id)
  const evidence = renderEvidence({ machine: going.machine, drift, log }, limits.evidenceBytes)
  return {
    end: 'done',
    detail: `${drift.length} resource${drift.length === 1 ? '' : 's'} off, ${Buffer.byteLength(evidence)} bytes kept`,
    fields: { evidence },
  }
}

/** The old one lost its certificate and its name on entering the state. */
export async function destroy(scene: Scene): Promise<StepEnd> {
  const { ports, driver } = scene
  const going = goingOf(scene)
  if (going === undefined) return noMachine
  ports.disconnect(going.id)
  await driver.destroy(going.machine)
  return {
    end: 'done',
    detail: `${going.machine} is revoked and destroyed`,
    also: () => ports.audit('server', 'machine.destroyed', `host:${going.host}`, going.machine),
  }
}

/** The candidate was retired on entering the state; its machine goes now. */
export async function undo({ ports, driver, row }: Scene): Promise<StepEnd> {
  const made = row.to === null ? undefined : findIncarnation(ports.db, row.to)
  if (made === undefined || made.state !== 'gone')
    return { end: 'ended', detail: 'there was nothing to undo' }
  ports.disconnect(made.id)
  await driver.destroy(made.machine)
  ports.audit('server', 'machine.destroyed', `host:${row.host}`, made.machine)
  return { end: 'ended', detail: `${made.machine} is revoked and destroyed` }
}
