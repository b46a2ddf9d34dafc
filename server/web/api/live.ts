/**
 * The WebSocket to /api/events: what changed, as it changes. It comes back by itself, more slowly each time; while it is
 * away the page polls (see main.tsx) and says how old its data is.
 */
import type { LiveEvent } from '../../http/view.ts'

export interface LiveState {
  /** `connecting`: the first try. `lost`: it was refused or broke, and is being tried again. */
  readonly phase: 'connecting' | 'open' | 'lost'
  /** Runs that are going on, by host. */
  readonly progress: Readonly<Record<string, NonNullable<LiveEvent['progress']>>>
}

export interface Live {
  /** Begins to connect; does nothing when it has begun. */
  start(): void
  stop(): void
  /** Drops a connection that may be dead without knowing it, and tries again at once. */
  restart(): void
  state(): LiveState
  subscribe(listener: () => void): () => void
}

interface LiveOptions {
  readonly open: () => WebSocket
  readonly onEvent: (event: LiveEvent) => void
  /** The connection was lost or came back: events may have been missed, so everything is stale. */
  readonly onGap: () => void
}

/** Milliseconds before try number `attempt` (from 0): doubling to 10 s, with jitter so that pages don't come back as one. */
export function retryDelayMs(attempt: number, random: number): number {
  return Math.round(Math.min(10_000, 500 * 2 ** attempt) * (0.5 + random / 2))
}

export function createLive(options: LiveOptions): Live {
  const listeners = new Set<() => void>()
  let state: LiveState = { phase: 'connecting', progress: {} }
  let socket: WebSocket | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let attempt = 0
  let started = false

  function set(next: Partial<LiveState>): void {
    state = { ...state, ...next }
    for (const listener of listeners) listener()
  }

  function connect(): void {
    const mine = options.open()
    socket = mine
    mine.onopen = () => {
      attempt = 0
      const returned = state.phase === 'lost'
      set({ phase: 'open', progress: {} })
      if (returned) options.onGap()
    }
    mine.onmessage = ({ data }) => receive(JSON.parse(String(data)) as LiveEvent)
    mine.onclose = () => {
      if (socket !== mine) return
      lose()
      timer = setTimeout(connect, retryDelayMs(attempt, Math.random()))
      attempt += 1
    }
  }

  function lose(): void {
    const news = state.phase !== 'lost'
    set({ phase: 'lost', progress: {} })
    if (news) options.onGap()
  }

  function receive(event: LiveEvent): void {
    if (event.host !== undefined) {
      if (event.progress !== undefined) set({ progress: { ...state.progress, [event.host]: event.progress } })
      else if (event.type === 'report') {
        const { [event.host]: _, ...others } = state.progress
        set({ progress: others })
      }
    }
    options.onEvent(event)
  }

  function drop(): void {
    clearTimeout(timer)
    const old = socket
    socket = null
    old?.close()
  }

  return {
    start() {
      if (started) return
      started = true
      connect()
    },
    stop() {
      started = false
      drop()
      set({ phase: 'connecting', progress: {} })
    },
    restart() {
      if (!started || state.phase !== 'open') return
      drop()
      lose()
      connect()
    },
    state: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
