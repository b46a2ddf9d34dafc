import { useSyncExternalStore } from 'react'

/** One timer for all that counts on the page, stopped when nothing does. */
const listeners = new Set<() => void>()
const intervalMs = 250
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    for (const each of listeners) each()
  }, intervalMs)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** A text that time changes; the component renders again only when the text does. */
export function useTicking(render: () => string): string {
  return useSyncExternalStore(subscribe, render)
}
