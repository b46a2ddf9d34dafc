import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiError } from './api/client.ts'
import { createLive } from './api/live.ts'
import { keys } from './api/queries.ts'
import { createRefresher, keysFor } from './api/refresh.ts'
import { LiveContext } from './component/live-context.tsx'
import { router } from './router.tsx'
import './style/index.css'

/** How often the page asks by itself: seldom while events come, often while they don't. */
const liveIntervalMs = 60_000
const lostIntervalMs = 5_000

const client = new QueryClient({
  queryCache: new QueryCache({ onError: noteFailure }),
  defaultOptions: {
    queries: {
      // The server may be on this machine or across a tunnel: what the browser thinks of the network says little.
      networkMode: 'always',
      retry: false,
      refetchInterval: () => (live.state().phase === 'open' ? liveIntervalMs : lostIntervalMs),
    },
    mutations: { networkMode: 'always' },
  },
})

const refresh = createRefresher(client)

const live = createLive({
  open: () => new WebSocket(new URL('/api/events', location.href.replace(/^http/, 'ws'))),
  onEvent: (event) => refresh(keysFor(event)),
  onGap: () => void client.invalidateQueries(),
})

function noteFailure(error: Error): void {
  if (!(error instanceof ApiError)) return
  if (error.unreachable) live.restart()
  if (error.problem.status === 401) client.setQueryData(keys.session, null)
}

const place = document.getElementById('root')
if (place === null) throw new Error('Cannot show the page: index.html has no #root')
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <LiveContext value={live}>
        <RouterProvider router={router} />
      </LiveContext>
    </QueryClientProvider>
  </StrictMode>,
)
