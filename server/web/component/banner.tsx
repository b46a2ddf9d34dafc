import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { serverNow } from '../api/clock.ts'
import { keys } from '../api/queries.ts'
import { renderClock } from '../model/duration.ts'
import { useLiveState } from './live-context.tsx'
import { useTicking } from './ticker.ts'

/** What says nothing of the age of the page: who is logged in, and a report, which never changes. */
const ageless: readonly unknown[] = [keys.session[0], keys.report('')[0]]

/** Says that the page no longer hears of changes, and how old what it shows is. The time is not announced: it moves on. */
export function LostBanner(): ReactNode {
  const lost = useLiveState(({ phase }) => phase === 'lost')
  const client = useQueryClient()
  const asOf = useTicking(() => {
    const times = client
      .getQueryCache()
      .getAll()
      .filter(
        (query) => query.isActive() && query.state.dataUpdatedAt > 0 && !ageless.includes(query.queryKey[0]),
      )
      .map(({ state }) => state.dataUpdatedAt)
    if (times.length === 0) return ''
    return `; data as of ${renderClock(Math.min(...times) + serverNow() - Date.now())} UTC`
  })
  return (
    <div className={lost ? 'banner' : undefined}>
      <span role="status">{lost && 'Live connection lost: reconnecting'}</span>
      {lost && asOf}
    </div>
  )
}
