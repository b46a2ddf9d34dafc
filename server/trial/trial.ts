/**
 * A role tried on throwaway hosts, a fresh one for each case: as declared, then in sampled valid orders, each also with the
 * agent killed after every resource. Each case must reach the state of the declared order, and stay there.
 */
import type { Catalog } from '../../schemas/generated/types.ts'
import type { ThrowawayHost } from '../machine/throwaway.ts'
import { type Attempt, type Attempted, attempt, type Fault } from './attempt.ts'
import { type Draw, sampleOrders, turnedAround } from './order.ts'
import { chanceOf, compareStates, type HostState } from './state.ts'

export interface TrialRequest {
  readonly catalog: Catalog
  readonly blobs: ReadonlyMap<string, Uint8Array>
  /** How many orders besides the declared one. */
  readonly orders: number
  readonly draw: Draw
  readonly kill: boolean
}

export interface TrialPorts {
  /** Gives `use` a fresh host of that name. */
  withHost<Result>(name: string, use: (host: ThrowawayHost) => Promise<Result>): Promise<Result>
  /** Milliseconds, from any moment on. */
  now(): number
  onCase(done: TrialCase): void
}

export interface TrialCase {
  /** Such as `order 2, killed after each resource`. */
  readonly name: string
  readonly seconds: number
  /** How often the agent was killed. */
  readonly kills: number
  readonly failure?: TrialFailure
}

export interface TrialFailure extends Fault {
  /** The order that it takes: up to the resource that it shows in, or all of it; empty for the declared one. */
  readonly order: readonly string[]
  /** Resources that nothing orders with that one, and that stand on the other side of it than as declared. */
  readonly nowBefore: readonly string[]
  readonly nowAfter: readonly string[]
  /** After which resources the agent was killed: one, where one kill is enough for it. */
  readonly killedAfter: readonly string[]
}

interface Reference {
  readonly state: HostState
  readonly byChance: ReadonlySet<string>
}

export async function runTrial(request: TrialRequest, ports: TrialPorts): Promise<readonly TrialCase[]> {
  const { catalog, blobs, kill } = request
  const declared = catalog.resources
  const cases: TrialCase[] = []
  const make = (one: Omit<Attempt, 'blobs'>) =>
    ports.withHost(catalog.host, (host) => attempt(host, { ...one, blobs }))

  /** @returns what was attempted, unless it failed */
  async function tryOut(
    name: string,
    { order, killAfter = [], reference }: Case,
  ): Promise<Attempted | undefined> {
    const startedAt = ports.now()
    const inOrder = { ...catalog, resources: [...order] }
    const look = async (kills: readonly string[]) =>
      compared(await make({ catalog: inOrder, killAfter: kills }), reference)
    const attempted = await look(killAfter)
    const failure = await failureOf(attempted, { order, look })
    const seconds = (ports.now() - startedAt) / 1000
    const kills = attempted.killed.length
    const done = { name, seconds, kills, ...(failure === undefined ? {} : { failure }) }
    cases.push(done)
    ports.onCase(done)
    return failure === undefined ? attempted : undefined
  }

  async function failureOf(
    { fault, killed }: Attempted,
    { order, look }: { order: Catalog['resources']; look: (kills: readonly string[]) => Promise<Attempted> },
  ): Promise<TrialFailure | undefined> {
    if (fault === undefined) return undefined
    const ids = order.map(({ id }) => id)
    const { id } = fault
    const asDeclared = declared.map((one) => one.id)
    const turned = id === undefined ? { nowBefore: [], nowAfter: [] } : turnedAround(asDeclared, ids, id)
    const isFirst = fault.step === 'first' && id !== undefined
    const prefix = isFirst ? ids.slice(0, ids.indexOf(id) + 1) : ids
    const killedAfter = killed.length < 2 ? killed : await oneOf(killed, look)
    return { ...fault, ...turned, killedAfter, order: order === declared ? [] : prefix }
  }

  const plain = await tryOut('as declared', { order: declared })
  if (plain?.state === undefined) return cases
  if (request.orders === 0 && !kill) return cases
  const twin = await tryOut('as declared, again', { order: declared })
  if (twin?.state === undefined) return cases
  const reference = { state: plain.state, byChance: chanceOf(plain.state, twin.state) }

  async function tryKilled(name: string, order: Catalog['resources'], changed: readonly string[]) {
    if (kill) await tryOut(`${name}, killed after each resource`, { order, killAfter: changed, reference })
  }
  await tryKilled('as declared', declared, plain.changed)
  const orders = sampleOrders(declared, { count: request.orders, draw: request.draw })
  for (const [index, order] of orders.entries()) {
    const name = `order ${index + 1}`
    const attempted = await tryOut(name, { order: [...order], reference })
    // Kills add nothing to an order that fails without them.
    if (attempted !== undefined) await tryKilled(name, [...order], attempted.changed)
  }
  return cases
}

interface Case {
  readonly order: Catalog['resources']
  readonly killAfter?: readonly string[]
  /** Absent for the one that is it. */
  readonly reference?: Reference | undefined
}

function compared(attempted: Attempted, reference: Reference | undefined): Attempted {
  if (attempted.state === undefined || reference === undefined) return attempted
  const details = compareStates(reference.state, attempted.state, reference.byChance)
  return details.length === 0 ? attempted : { ...attempted, fault: { step: 'state', details } }
}

/** The one kill of several that is enough to fail; all of them when none is. */
async function oneOf(
  killed: readonly string[],
  look: (kills: readonly string[]) => Promise<Attempted>,
): Promise<readonly string[]> {
  for (const id of killed) if ((await look([id])).fault !== undefined) return [id]
  return killed
}
