/** A role proved on one throwaway host: from bare, a second run, and a third after a reboot, which both change nothing. */
import type { Catalog, HealthCheck } from '../../schemas/generated/types.ts'
import { attempt, type Fault } from './attempt.ts'
import type { TrialCase, TrialPorts } from './trial.ts'

export interface ProofRequest {
  readonly catalog: Catalog
  readonly blobs: ReadonlyMap<string, Uint8Array>
  /** Those of the host's pool. */
  readonly health: readonly HealthCheck[]
}

export interface ProofPorts extends TrialPorts {
  /** @returns undefined when it passed; else why not */
  checkHealth(address: string, check: HealthCheck): Promise<string | undefined>
}

const names = {
  first: 'from bare',
  second: 'a second run changes nothing',
  reboot: 'a run after a reboot changes nothing',
  health: 'health checks answer',
} as const

type Step = keyof typeof names

export async function runProof(
  { catalog, blobs, health }: ProofRequest,
  ports: ProofPorts,
): Promise<readonly TrialCase[]> {
  const startedAt = ports.now()
  const faults = new Map<string, Pick<Fault, 'details'> & Partial<Fault>>()
  await ports.withHost(catalog.host, async (host) => {
    const { fault } = await attempt(host, { catalog, blobs, reboot: true })
    if (fault !== undefined) {
      faults.set(fault.step, fault)
      return
    }
    const answers = await Promise.all(health.map((check) => ports.checkHealth(host.address, check)))
    const details = answers.filter((why) => why !== undefined)
    if (details.length > 0) faults.set('health', { details })
  })
  const steps: readonly Step[] = [
    'first',
    'second',
    'reboot',
    ...(health.length > 0 ? ['health' as const] : []),
  ]
  const failed = steps.findIndex((step) => faults.has(step))
  const seconds = (ports.now() - startedAt) / 1000
  // What comes after a failure was not tried.
  const cases = (failed < 0 ? steps : steps.slice(0, failed + 1)).map((step, index): TrialCase => {
    const fault = faults.get(step)
    const none = { order: [], nowBefore: [], nowAfter: [], killedAfter: [] }
    const failure = fault === undefined ? {} : { failure: { step: 'state', ...fault, ...none } as const }
    // The host's whole time is told once.
    return { name: names[step], seconds: index === 0 ? seconds : 0, kills: 0, ...failure }
  })
  for (const one of cases) ports.onCase(one)
  return cases
}
