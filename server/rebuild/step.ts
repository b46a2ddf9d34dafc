/**
 * The work of each state. A step reads what is, does what is missing, and says how it ended; it never writes the
 * rebuild's state. Each can be done again from any point at which a server died.
 */
import type { Scene, StepEnd } from './scene.ts'
import type { RebuildState } from './state.ts'
import { create, enrol } from './step-create.ts'
import { destroy, drain, keepEvidence, undo } from './step-destroy.ts'
import { converge, prove } from './step-prove.ts'

export type Step = (scene: Scene) => Promise<StepEnd>

/** The states in which there is something to do. */
export const steps: Partial<Record<RebuildState, Step>> = {
  admitted: async () => ({ end: 'done', detail: 'the rails let it through' }),
  creating: create,
  enrolling: enrol,
  converging: converge,
  proving: prove,
  draining: drain,
  evidence: keepEvidence,
  destroying: destroy,
  cancelled: undo,
}
