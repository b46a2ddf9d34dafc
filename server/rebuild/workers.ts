/** One worker a key: work of one key never overlaps, and a poke while it is busy makes it look once more. */
export interface Workers {
  /** Starts the key's work, or has it done again when it is under way. */
  poke(key: string): void
  /** Resolves when the key's work that is under way has ended. */
  settled(key: string): Promise<void>
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
}

export interface WorkerOptions {
  /** True when it came further, so that others may go on too. */
  work(key: string): Promise<boolean>
  onProgress(): void
  onError(key: string, error: unknown): void
}

export function createWorkers({ work, onProgress, onError }: WorkerOptions): Workers {
  const busy = new Map<string, Promise<void>>()
  const poked = new Set<string>()

  async function run(key: string): Promise<void> {
    let progress = false
    try {
      do {
        poked.delete(key)
        progress = (await work(key)) || progress
      } while (poked.has(key))
    } catch (error) {
      onError(key, error)
    } finally {
      busy.delete(key)
    }
    if (progress) onProgress()
  }

  return {
    poke(key) {
      poked.add(key)
      // The loop of a busy one checks `poked` and leaves `busy` in one go, so no poke falls in between.
      if (!busy.has(key)) busy.set(key, run(key))
    },
    settled: async (key) => busy.get(key),
    idle: async () => void (await Promise.all(busy.values())),
  }
}
