import { createContext, useContext, useSyncExternalStore } from 'react'
import type { Live, LiveState } from '../api/live.ts'

export const LiveContext = createContext<Live | null>(null)

export function useLive(): Live {
  const live = useContext(LiveContext)
  if (live === null) throw new Error('Cannot use live data: there is no LiveContext above')
  return live
}

/** One part of the live state; the component renders again only when that part changes. */
export function useLiveState<Part>(select: (state: LiveState) => Part): Part {
  const live = useLive()
  return useSyncExternalStore(live.subscribe, () => select(live.state()))
}
