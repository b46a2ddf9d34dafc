/** The people's API as the demo, the benches and the end-to-end tests use it: logged in, typed, with waiting. */
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { HostView, OverviewView, RebuildView } from '../../server/http/view.ts'

export interface Api {
  get<T>(path: string): Promise<T>
  post<T>(path: string, body?: unknown): Promise<T>
  host(name: string): Promise<HostView>
  overview(): Promise<OverviewView>
  rebuild(id: string): Promise<RebuildView>
  /**
   * Waits until `look` gives something, looking again after each live event, and twice a second as the net.
   *
   * @throws Error naming `what` when it does not come in `timeoutMs`.
   */
  until<T>(what: string, look: () => Promise<T | undefined>, timeoutMs?: number): Promise<T>
  /** Resolves at the next live event, or after half a second. */
  changed(): Promise<void>
  close(): void
}

/** Logs in at the page's address. */
export async function connect(pageUrl: string, name: string, password: string): Promise<Api> {
  const login = await fetch(new URL('/api/login', pageUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: new URL(pageUrl).origin },
    body: JSON.stringify({ name, password }),
  })
  if (!login.ok) throw new Error(`Cannot log in at ${pageUrl}: ${login.status} ${await login.text()}`)
  const cookie = (login.headers.getSetCookie()[0] ?? '').split(';')[0] ?? ''
  const headers = { cookie, origin: new URL(pageUrl).origin }
  const events = new WebSocket(new URL('/api/events', pageUrl.replace(/^http/, 'ws')), { headers })
  const wakers = new Set<() => void>()
  events.on('message', () => {
    for (const wake of wakers) wake()
  })
  events.on('error', () => {})

  async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(new URL(path, pageUrl), {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`Cannot ${method} ${path}: ${response.status} ${text}`)
    return JSON.parse(text) as T
  }

  const api: Api = {
    get: (path) => ask('GET', path),
    post: (path, body = {}) => ask('POST', path, body),
    host: (host) => ask('GET', `/api/hosts/${host}`),
    overview: () => ask('GET', '/api/overview'),
    rebuild: (id) => ask('GET', `/api/rebuilds/${id}`),
    async until(what, look, timeoutMs = 120_000) {
      const deadline = Date.now() + timeoutMs
      for (;;) {
        const found = await look()
        if (found !== undefined) return found
        if (Date.now() > deadline) throw new Error(`Cannot see ${what} within ${timeoutMs / 1000} s`)
        await api.changed()
      }
    },
    async changed() {
      const { promise, resolve } = Promise.withResolvers<void>()
      wakers.add(resolve)
      await Promise.race([promise, delay(500)])
      wakers.delete(resolve)
    },
    close: () => events.close(),
  }
  return api
}
