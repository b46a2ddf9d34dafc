/**
 * The push line: a WebSocket to the server that comes back by itself. What it brings is a hint to run; whatever is lost
 * while it is down is made good by the run that follows each reconnection, and by the poll.
 */
import { WebSocket } from 'ws'
import type { AgentMessage, ServerMessage } from '../../schemas/generated/types.ts'
import { diagnose } from '../../schemas/validate.ts'
import { protocolVersion } from '../../schemas/version.ts'
import { backoffMs } from './backoff.ts'
import type { Identity } from './identity.ts'

export interface Socket {
  /** Sends if the line is up; progress that cannot be sent is worth nothing later. */
  send(message: AgentMessage): void
  close(): void
}

export interface SocketOptions {
  /** Base URL of the server, https. */
  readonly server: string
  readonly identity: Pick<Identity, 'key' | 'certificate' | 'ca'>
  readonly onMessage: (message: ServerMessage) => void
  readonly onUp?: () => void
  readonly onDown?: (reason: string) => void
  readonly random?: () => number
  /** Milliseconds between pings; a line without a pong for as long is dead. Default 20 s. */
  readonly pingMs?: number
  readonly backoff?: { readonly baseMs: number; readonly maxMs: number }
}

export function openSocket(options: SocketOptions): Socket {
  const {
    identity,
    random = Math.random,
    pingMs = 20_000,
    backoff = { baseMs: 500, maxMs: 60_000 },
  } = options
  const url = new URL('/v1/socket', options.server.replace(/^http/, 'ws'))
  let socket: WebSocket | undefined
  let timer: NodeJS.Timeout | undefined
  let attempt = 0
  let closed = false

  function connect(): void {
    const { key, certificate: cert, ca } = identity
    const line = new WebSocket(url, {
      key,
      cert,
      ca,
      handshakeTimeout: 15_000,
      maxPayload: 64 * 1024,
      perMessageDeflate: false,
    })
    socket = line
    const stopPinging = keepAlive(line, pingMs)
    line.on('open', () => {
      attempt = 0
      line.send(JSON.stringify({ type: 'hello', version: protocolVersion } satisfies AgentMessage))
      options.onUp?.()
    })
    line.on('message', (bytes) => {
      const message = parseMessage(String(bytes))
      if (message !== undefined) options.onMessage(message)
    })
    let reason = ''
    line.on('error', (error) => {
      reason = error.message
    })
    line.on('close', (code) => {
      stopPinging()
      if (closed) return
      options.onDown?.(reason === '' ? `closed with ${code}` : reason)
      timer = setTimeout(connect, backoffMs(attempt++, random(), backoff))
    })
  }

  connect()
  return {
    send(message) {
      if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
    },
    close() {
      closed = true
      clearTimeout(timer)
      socket?.terminate()
    },
  }
}

/** Ends a line on which a ping was not answered before the next one was due: a host that vanished sends no close. */
function keepAlive(line: WebSocket, pingMs: number): () => void {
  let isAlive = true
  line.on('pong', () => {
    isAlive = true
  })
  const timer = setInterval(() => {
    if (line.readyState !== WebSocket.OPEN) return
    if (!isAlive) return line.terminate()
    isAlive = false
    line.ping()
  }, pingMs)
  return () => clearInterval(timer)
}

/** A message of the protocol; anything else is passed over, since a newer server may say more. */
function parseMessage(text: string): ServerMessage | undefined {
  try {
    const value: unknown = JSON.parse(text)
    // diagnose() has just found it to be one.
    return diagnose('protocol/server-message', value).length === 0 ? (value as ServerMessage) : undefined
  } catch {
    return undefined
  }
}
