/**
 * Sends one request again and again over kept connections, and tells how many were answered: `node load.ts`, told by its
 * parent what to send. A process of its own, and no HTTP client, so that what is measured is the server.
 */
import { connect, type TLSSocket } from 'node:tls'

export interface Load {
  readonly port: number
  readonly ca: string
  readonly key: string
  readonly cert: string
  /** Head and body, as bytes on the wire. */
  readonly request: string
  readonly connections: number
  readonly durationMs: number
}

export interface Loaded {
  /** Answers in each second. */
  readonly rps: number
  /** First line of the first answer. */
  readonly status: string
  /** Of each answer: all are alike. */
  readonly bytes: number
}

process.once('message', (load: Load) => {
  run(load).then((loaded) => process.send?.(loaded, undefined, {}, () => process.exit(0)))
})

async function run(load: Load): Promise<Loaded> {
  const sockets = await Promise.all(Array.from({ length: load.connections }, () => open(load)))
  const { status, bytes } = await first(sockets[0] as TLSSocket, load.request)
  const start = performance.now()
  const until = start + load.durationMs
  const counts = await Promise.all(sockets.map((socket) => repeat(socket, { ...load, bytes, until })))
  const answered = counts.reduce((sum, count) => sum + count, 0)
  const rps = (answered * 1000) / (performance.now() - start)
  for (const socket of sockets) socket.destroy()
  return { rps, status, bytes }
}

function open({ port, ca, key, cert }: Load): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca, key, cert }, () => resolve(socket))
    socket.on('error', reject)
    socket.setNoDelay(true)
  })
}

/** Reads one whole answer, and so learns how long all are. */
function first(socket: TLSSocket, request: string): Promise<{ status: string; bytes: number }> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', function read(chunk: Buffer) {
      text += chunk.toString('latin1')
      const end = text.indexOf('\r\n\r\n')
      const body = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
      if (end < 0 || text.length < end + 4 + body) return
      socket.off('data', read)
      resolve({ status: text.slice(0, text.indexOf('\r\n')), bytes: end + 4 + body })
    })
    socket.write(request)
  })
}

function repeat(
  socket: TLSSocket,
  { request, bytes, until }: Load & { readonly bytes: number; readonly until: number },
): Promise<number> {
  return new Promise((resolve, reject) => {
    let count = 0
    let got = 0
    socket.on('close', () => reject(new Error('the server closed a connection')))
    socket.on('data', (chunk: Buffer) => {
      got += chunk.length
      if (got < bytes) return
      got -= bytes
      count += 1
      if (performance.now() < until) socket.write(request)
      else resolve(count)
    })
    socket.write(request)
  })
}
