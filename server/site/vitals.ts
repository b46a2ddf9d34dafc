/**
 * What changes by itself on hosts, and what is wrong with their own facts, as they told it last. In memory alone: it is
 * worth nothing after the next poll, and a poll that finds nothing new writes nothing to the disk.
 */
import type { FactProblem, Vitals } from '../../schemas/generated/types.ts'

export interface ToldVitals {
  readonly incarnation: number
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Undefined from an older agent. */
  readonly vitals: Vitals | undefined
  /** Found by the agent, and by the compile. */
  readonly factProblems: readonly FactProblem[]
}

export interface VitalsBoard {
  /** Takes the place of what the host told before. */
  put(host: string, told: ToldVitals): void
  /** Undefined when this incarnation of the host has told nothing since the server started. */
  find(host: string, incarnation: number): ToldVitals | undefined
}

export function createVitalsBoard(): VitalsBoard {
  const board = new Map<string, ToldVitals>()
  return {
    put: (host, told) => board.set(host, told),
    find(host, incarnation) {
      const told = board.get(host)
      return told?.incarnation === incarnation ? told : undefined
    },
  }
}
