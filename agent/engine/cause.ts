import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Memory } from './memory.ts'

export type Cause = 'intent' | 'drift'

/**
 * Why a resource differs. `drift` when it had converged with these very parameters before on this host; else the
 * catalog asks for something new. What cannot drift (an exec without a guard) is always intent.
 */
export function causeOf(
  memory: Memory,
  id: ResourceId,
  facts: { paramsHash: string; canDrift: boolean },
): Cause {
  if (!facts.canDrift || memory.attempted.has(id)) return 'intent'
  return memory.converged.get(id) === facts.paramsHash ? 'drift' : 'intent'
}
