import type { QueryClient, QueryKey } from '@tanstack/react-query'
import type { LiveEvent } from '../../http/view.ts'
import { keys } from './queries.ts'

/** What an event makes stale. Progress makes nothing stale: it is shown as it comes. */
export function keysFor(event: LiveEvent): readonly QueryKey[] {
  const host = event.host === undefined ? [] : [keys.host(event.host)]
  switch (event.type) {
    case 'host':
    case 'report':
      return [keys.overview, keys.hosts, ...host]
    case 'drift':
      return [keys.overview, keys.drift, keys.hosts, ...host]
    case 'rebuild':
      return [
        keys.overview,
        keys.rebuilds,
        keys.hosts,
        ...host,
        ...(event.id === undefined ? [] : [keys.rebuild(event.id)]),
      ]
    case 'site':
      return [keys.overview, keys.site, keys.hosts]
    case 'audit':
      return [keys.overview, keys.audit]
    case 'progress':
      return []
    default:
      return event.type satisfies never
  }
}

/**
 * Asks again for what is stale: at once when nothing is being asked for, else when that is done. So a storm of events
 * costs one request at a time for each query, and none is starved by the next.
 */
export function createRefresher(client: QueryClient): (stale: readonly QueryKey[]) => void {
  const waiting = new Map<string, QueryKey>()
  let busy = false

  async function drain(): Promise<void> {
    busy = true
    while (waiting.size > 0) {
      const batch = [...waiting.values()]
      waiting.clear()
      // A query that fails shows its error by itself.
      await Promise.allSettled(batch.map((queryKey) => client.invalidateQueries({ queryKey })))
    }
    busy = false
  }

  return (stale) => {
    for (const key of stale) waiting.set(JSON.stringify(key), key)
    if (!busy) void drain()
  }
}
