/** Live events inside the server process: what changed, for open pages. Delivery is a hint; pages read the store. */
import type { LiveEvent } from './http/view.ts'

export type LiveListener = (event: LiveEvent) => void

export interface Live {
  emit(event: LiveEvent): void
  /** Gives the function that ends the subscription. */
  subscribe(listener: LiveListener): () => void
}

export function createLive(): Live {
  const listeners = new Set<LiveListener>()
  return {
    emit(event) {
      for (const listener of listeners) listener(event)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
