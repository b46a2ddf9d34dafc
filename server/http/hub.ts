/** The agents that are connected: one WebSocket an incarnation, pushed to when there is a reason to run. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { ServerMessage } from '../../schemas/generated/types.ts'
import { validate } from '../../schemas/validate.ts'
import type { Context } from '../context.ts'
import { type CertificateHolder, findHolder } from '../store/certificate.ts'

export interface Hub {
  /** Upgrades a request whose client was identified. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, client: AgentClient): void
  isConnected(incarnation: number): boolean
  /** Whether the message was sent; false when the agent is not connected. */
  send(incarnation: number, message: ServerMessage): boolean
  /** Closes the incarnation's connection, if there is one. */
  disconnect(incarnation: number): void
  /** Asks every connected agent whose host `matches` to run, spread over a few seconds where there are many. */
  push(matches: (host: string) => boolean): void
  close(): void
}

export interface AgentClient {
  readonly incarnation: number
  readonly host: string
  readonly fingerprint: string
}

const pingMs = 30_000
const helloMs = 10_000
const maxPayload = 64 * 1024
/** Agents asked to run per second, when a new revision is for many. */
const pushPerSecond = 50

interface Connection {
  readonly client: AgentClient
  readonly ws: WebSocket
  alive: boolean
  greeted: boolean
}

/** `onHello`: a connected agent has said hello; runs that were asked of it before may have been lost. */
export function createHub(context: Context, onHello: (incarnation: number) => void = () => {}): Hub {
  const server = new WebSocketServer({ noServer: true, maxPayload })
  const connections = new Map<number, Connection>()
  const pushes = new Set<NodeJS.Timeout>()
  const heart = setInterval(() => beat(context, connections), pingMs)
  heart.unref()

  function send(incarnation: number, message: ServerMessage): boolean {
    const connection = connections.get(incarnation)
    if (connection === undefined || connection.ws.readyState !== connection.ws.OPEN) return false
    connection.ws.send(JSON.stringify(message))
    return true
  }
  function open(ws: WebSocket, client: AgentClient): void {
    const connection: Connection = { client, ws, alive: true, greeted: false }
    // An agent that lost its connection comes back before the server has seen the old one die.
    connections.get(client.incarnation)?.ws.terminate()
    connections.set(client.incarnation, connection)
    const impatience = setTimeout(() => connection.greeted || ws.close(1008, 'no hello'), helloMs)
    ws.on('pong', () => {
      connection.alive = true
    })
    ws.on('message', (data) => receive(context, connection, { data, onHello }))
    ws.on('error', (error) =>
      context.log.info({ host: client.host, reason: error.message }, 'agent.socket-error'),
    )
    ws.on('close', () => {
      clearTimeout(impatience)
      if (connections.get(client.incarnation) !== connection) return
      connections.delete(client.incarnation)
      context.live.emit({ type: 'host', host: client.host })
    })
    context.live.emit({ type: 'host', host: client.host })
  }

  return {
    accept(request, socket, head, client) {
      server.handleUpgrade(request, socket, head, (ws) => open(ws, client))
    },
    isConnected: (incarnation) => connections.has(incarnation),
    send,
    disconnect(incarnation) {
      const ws = connections.get(incarnation)?.ws
      ws?.close(1008, 'certificate revoked')
      // A peer that is no longer trusted gets no closing handshake to drag out.
      setImmediate(() => ws?.terminate())
    },
    push(matches) {
      const matching = [...connections.values()].filter(({ client }) => matches(client.host))
      matching.forEach(({ client }, index) => {
        const timer = setTimeout(
          () => {
            pushes.delete(timer)
            send(client.incarnation, { type: 'run', trigger: 'push', runId: randomUUID() })
          },
          Math.floor((index * 1000) / pushPerSecond),
        )
        pushes.add(timer)
      })
    },
    close() {
      clearInterval(heart)
      for (const timer of pushes) clearTimeout(timer)
      for (const { ws } of connections.values()) ws.terminate()
      server.close()
    },
  }
}

/** Ends connections that did not answer the last ping, and those whose certificate has lost its power meanwhile. */
function beat({ db, now }: Context, connections: ReadonlyMap<number, Connection>): void {
  for (const connection of connections.values()) {
    const holder = findHolder(db, connection.client.fingerprint)
    if (!connection.alive || holder === undefined || !holds(holder, now())) connection.ws.terminate()
    connection.alive = false
    connection.ws.ping()
  }
}

function holds(holder: CertificateHolder, now: number): boolean {
  return holder.state !== 'gone' && holder.revokedAt === null && holder.expiresAt > now
}

function receive(
  context: Context,
  connection: Connection,
  { data, onHello }: { readonly data: RawData; readonly onHello: (incarnation: number) => void },
): void {
  const { client, ws } = connection
  try {
    // Without fragments asked for, ws gives one Buffer.
    const message = validate('protocol/agent-message', JSON.parse(String(data)), 'the message')
    if (message.type === 'hello') {
      if (!connection.greeted) onHello(client.incarnation)
      connection.greeted = true
      return
    }
    const { done, total, resource } = message
    context.live.emit({
      type: 'progress',
      host: client.host,
      progress: { done, total, ...(resource === undefined ? {} : { resource }) },
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 200) : 'unreadable'
    context.log.warn({ host: client.host, reason }, 'agent.bad-message')
    ws.close(1008, 'bad message')
  }
}
