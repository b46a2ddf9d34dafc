/** Keeps acts on one machine apart: a driver's operations on it come one after another. */
export interface Queue {
  <T>(key: string, act: () => Promise<T>): Promise<T>
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
}

/** Runs acts of one key in the order in which they came, and those of different keys side by side. */
export function createQueue(): Queue {
  const last = new Map<string, Promise<unknown>>()
  const queue = <T>(key: string, act: () => Promise<T>): Promise<T> => {
    const result = (last.get(key) ?? Promise.resolve()).then(act, act)
    last.set(key, result)
    const forget = () => {
      if (last.get(key) === result) last.delete(key)
    }
    result.then(forget, forget)
    return result
  }
  return Object.assign(queue, {
    async idle() {
      await Promise.allSettled([...last.values()])
    },
  })
}
