/** Live events for open pages: WebSocket /api/events, for those who may read. What is sent is a hint to read again. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { RekindleError } from '../../../schemas/errors.ts'
import type { Context } from '../../context.ts'
import { renderRawProblem } from '../problem.ts'
import type { LiveEvent } from '../view.ts'
import { type Caller, checkOrigin, findCaller } from './auth.ts'

export interface Events {
  /** Answers an upgrade: a WebSocket for a person, a problem for anybody else. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Closes the pages of a session that ended. */
  endSession(credential: string): void
  close(): void
}

const pingMs = 30_000
/** A page that does not read is cut off rather than kept in memory; it comes back and reads anew. */
const maxBuffered = 1024 * 1024

interface Page {
  readonly ws: WebSocket
  readonly credential: string
  readonly request: IncomingMessage
  alive: boolean
}

export function createEvents(context: Context): Events {
  const server = new WebSocketServer({ noServer: true, maxPayload: 1024 })
  const pages = new Set<Page>()
  const unsubscribe = context.live.subscribe((event) => broadcast(pages, event))
  const heart = setInterval(() => beat(context, pages), pingMs)
  heart.unref()
  return {
    upgrade(request, socket, head) {
      // A page that goes away in the middle of its upgrade is no fault.
      socket.on('error', () => socket.destroy())
      try {
        const caller = admit(context, request)
        server.handleUpgrade(request, socket, head, (ws) => open(pages, ws, request, caller))
      } catch (error) {
        socket.end(renderRawProblem(error))
      }
    },
    endSession(credential) {
      for (const page of pages) if (page.credential === credential) page.ws.close(1008, 'logged out')
    },
    close() {
      clearInterval(heart)
      unsubscribe()
      for (const { ws } of pages) ws.terminate()
      server.close()
    },
  }
}

function admit(context: Context, request: IncomingMessage): Caller {
  if (request.url !== '/api/events') {
    throw new RekindleError({ code: 'not-found', message: 'Cannot find that WebSocket' })
  }
  const caller = findCaller(context.db, request, context.now())
  if (caller === undefined) {
    throw new RekindleError({ code: 'unauthorised', message: 'Cannot tell who you are', hint: 'Log in' })
  }
  // Browsers let any page open a WebSocket with the cookie: same-origin is ours to check.
  checkOrigin(request, caller)
  return caller
}

function open(pages: Set<Page>, ws: WebSocket, request: IncomingMessage, { credential }: Caller): void {
  const page: Page = { ws, credential, request, alive: true }
  pages.add(page)
  ws.on('pong', () => {
    page.alive = true
  })
  ws.on('error', () => ws.terminate())
  ws.on('close', () => pages.delete(page))
}

function broadcast(pages: ReadonlySet<Page>, event: LiveEvent): void {
  if (pages.size === 0) return
  const text = JSON.stringify(event)
  for (const { ws } of pages) {
    if (ws.bufferedAmount > maxBuffered) ws.terminate()
    else ws.send(text)
  }
}

/** Ends pages that are gone, and those whose session has run out meanwhile. */
function beat(context: Context, pages: ReadonlySet<Page>): void {
  for (const page of pages) {
    if (!page.alive || findCaller(context.db, page.request, context.now()) === undefined) page.ws.terminate()
    page.alive = false
    page.ws.ping()
  }
}
