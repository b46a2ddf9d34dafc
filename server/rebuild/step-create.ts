/** Creating and enrolling: a bare machine, and its agent's use of the ticket. */
import type { Machine } from '../machine/driver.ts'
import { findIncarnationByMachine, type Incarnation, saveAddress } from '../store/incarnation.ts'
import { hasTicket } from '../store/rebuild.ts'
import { comingOf, type Scene, type StepEnd } from './scene.ts'

/** The incarnation and its machine's name were stored on entering the state, so a second try makes no second machine. */
export async function create(scene: Scene): Promise<StepEnd> {
  const coming = comingOf(scene)
  await removeLeftovers(scene, coming)
  const machine = await makeMachine(scene, coming)
  if (machine === undefined) return { end: 'again', fields: {} }
  const { ports } = scene
  return {
    end: 'done',
    detail: machine.address === '' ? machine.machine : `${machine.machine} at ${machine.address}`,
    also: () => {
      saveAddress(ports.db, coming.id, machine.address)
      ports.audit('server', 'machine.created', `host:${coming.host}`, machine.machine)
    },
  }
}

/** Machines of this host whose life is over, such as one that failed before a resume. */
async function removeLeftovers({ ports, driver }: Scene, coming: Incarnation): Promise<void> {
  for (const { machine, host } of await driver.list()) {
    const incarnation = findIncarnationByMachine(ports.db, machine)
    // A half-made machine may not know its host yet.
    if ((incarnation?.host ?? host) !== coming.host || machine === coming.machine) continue
    if (incarnation !== undefined && incarnation.state !== 'gone') continue
    if (incarnation !== undefined) ports.disconnect(incarnation.id)
    await driver.destroy(machine)
    ports.audit('server', 'machine.destroyed', `host:${coming.host}`, `${machine}, left over`)
  }
}

/** Undefined when the rebuild was cancelled meanwhile. */
async function makeMachine(scene: Scene, coming: Incarnation): Promise<Machine | undefined> {
  const { ports, driver, row, limits } = scene
  const { machine } = coming
  const there = await driver.status(machine)
  // It was made by a try that died before it could say so: its agent has the ticket, or used it already.
  const good = coming.enrolledAt !== null || hasTicket(ports.db, coming.id, ports.now())
  if (there?.state === 'running' && good) return there
  if (there?.state === 'stopped' && coming.enrolledAt !== null) return driver.start(machine)
  if (there !== undefined) await driver.destroy(machine)
  if (!scene.isCurrent()) return undefined
  const kind = row.from === null ? 'join' : 'ticket'
  const token = ports.mint(coming.id, kind, row.id, limits.ticketMs)
  return driver.create({ machine, host: row.host, agentConfig: { ...ports.agentConnection(), token } })
}

export async function enrol(scene: Scene): Promise<StepEnd> {
  const { ports, limits, since } = scene
  const coming = comingOf(scene)
  if (coming.enrolledAt !== null) return { end: 'done', detail: `${coming.machine} has its certificate` }
  if (ports.now() - since < limits.enrolMs) return { end: 'wait', why: null }
  return {
    end: 'failed',
    why: `${coming.machine} did not enrol within ${limits.enrolMs / 1000} s`,
  }
}
