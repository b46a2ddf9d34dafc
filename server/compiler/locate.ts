/**
 * Finds the line at which a compile hangs or grows: runs it once more in a sandbox that listens to a debugger on loopback,
 * pauses it, and reads its stack. Only done after a compile had to be killed.
 */
import type { ChildProcess } from 'node:child_process'
import WebSocket from 'ws'
import type { Request } from './message.ts'
import { type Ended, forkSandbox, type PoolOptions, residentMiB } from './pool.ts'

/** A compile that hangs is hanging long before its time limit. */
const hangingAfterMs = 1_500
const checkMs = 20
/** What it may grow beyond the limit until it is paused. */
const roomMiB = 512
/** For all of it, after which the line stays unknown. */
const patienceMs = 10_000

/** `path:line` in the site, or undefined when it was not found. */
export async function locate(
  siteDir: string,
  request: Request | undefined,
  reason: Ended['reason'],
  limits: PoolOptions,
): Promise<string | undefined> {
  const child = forkSandbox(siteDir, limits.memoryMiB + roomMiB, [
    '--inspect=127.0.0.1:0',
    '--allow-inspector',
    // Optimised loops that call nothing but built-ins are never interrupted.
    '--no-opt',
    '--no-maglev',
  ])
  const over = new AbortController()
  const patience = setTimeout(() => over.abort(), patienceMs)
  child.once('exit', () => over.abort())
  try {
    // What is sent before it listens is lost.
    const [socket] = await Promise.all([attach(child, over.signal), once(child, 'message', over.signal)])
    const found = pausedIn(siteDir, socket, over.signal)
    child.send({ type: 'load', siteDir } satisfies Request)
    if (request !== undefined) child.send(request)
    const isTime = pauseCondition(child, reason, limits)
    const pausing = setInterval(() => isTime() && tell(socket, 'Debugger.pause'), checkMs)
    over.signal.addEventListener('abort', () => clearInterval(pausing))
    return await found
  } catch {
    // Without a line, the compile's error still says what happened.
    return undefined
  } finally {
    clearTimeout(patience)
    over.abort()
    child.kill('SIGKILL')
  }
}

function pauseCondition(child: ChildProcess, reason: Ended['reason'], limits: PoolOptions): () => boolean {
  const atStart = residentMiB(child.pid)
  const until = performance.now() + hangingAfterMs
  if (reason !== 'memory') return () => performance.now() > until
  return () => {
    const grown = residentMiB(child.pid) - atStart
    // Under a debugger V8 lets a heap grow to several times its limit.
    if (grown > limits.memoryMiB + roomMiB) child.kill('SIGKILL')
    return grown > limits.memoryMiB
  }
}

/** One event's first argument; rejects when it is over. */
function once(emitter: EventSource, event: string, over: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    emitter.once(event, resolve)
    over.addEventListener('abort', () => reject(new Error('over')))
  })
}

interface EventSource {
  once(event: string, listener: (value: unknown) => void): unknown
}

async function attach(child: ChildProcess, over: AbortSignal): Promise<WebSocket> {
  const url = await new Promise<string>((resolve, reject) => {
    whenListening(child, resolve)
    over.addEventListener('abort', () => reject(new Error('over')))
  })
  const socket = new WebSocket(url)
  // Its end comes with the child's.
  socket.on('error', () => {})
  await once(socket, 'open', over)
  return socket
}

/** Node says on standard error where its debugger listens. */
function whenListening(child: ChildProcess, found: (url: string) => void): void {
  let text = ''
  const onText = (chunk: Buffer) => {
    text += chunk
    const url = /ws:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]+/.exec(text)?.[0]
    if (url === undefined) return
    child.stderr?.off('data', onText).resume()
    found(url)
  }
  child.stderr?.on('data', onText)
}

/** The innermost line of the first pause that is in the site; others are let go on. */
function pausedIn(siteDir: string, socket: WebSocket, over: AbortSignal): Promise<string> {
  const urls = new Map<unknown, unknown>()
  tell(socket, 'Debugger.enable')
  return new Promise((resolve, reject) => {
    over.addEventListener('abort', () => reject(new Error('over')))
    socket.on('message', (data) => {
      const message: unknown = JSON.parse(String(data))
      const params = member(message, 'params')
      const method = member(message, 'method')
      if (method === 'Debugger.scriptParsed') urls.set(member(params, 'scriptId'), member(params, 'url'))
      if (method !== 'Debugger.paused') return
      const where = whereOf(member(params, 'callFrames'), urls, siteDir)
      if (where === undefined) tell(socket, 'Debugger.resume')
      else resolve(where)
    })
  })
}

function whereOf(frames: unknown, urls: ReadonlyMap<unknown, unknown>, siteDir: string): string | undefined {
  const prefix = `file://${siteDir}/`
  for (const frame of Array.isArray(frames) ? frames : []) {
    const location = member(frame, 'location')
    const url = urls.get(member(location, 'scriptId'))
    if (typeof url === 'string' && url.startsWith(prefix) && !url.includes('/node_modules/')) {
      return `${decodeURI(url.slice(prefix.length))}:${Number(member(location, 'lineNumber')) + 1}`
    }
  }
  return undefined
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function tell(socket: WebSocket, method: string): void {
  socket.send(JSON.stringify({ id: 1, method }))
}
