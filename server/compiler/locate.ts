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
const memoryCheckMs = 10
/** More heap than the compile may have, so that it can be paused while it grows. */
const roomMiB = 2_048
/** For all of it, after which the line stays unknown. */
const patienceMs = 10_000

/** `path:line` in the site, or undefined when it was not found. */
export function locate(
  siteDir: string,
  request: Request | undefined,
  reason: Ended['reason'],
  limits: PoolOptions,
): Promise<string | undefined> {
  const child = forkSandbox(siteDir, limits.memoryMiB + roomMiB, [
    '--inspect=127.0.0.1:0',
    '--allow-inspector',
  ])
  // What is sent before it listens is lost.
  const ready = new Promise((resolve) => child.once('message', resolve))
  const timers = new AbortController()
  return new Promise<string | undefined>((resolve) => {
    const patience = setTimeout(() => resolve(undefined), patienceMs)
    timers.signal.addEventListener('abort', () => clearTimeout(patience))
    child.once('exit', () => resolve(undefined))
    whenListening(child, (url) => {
      const socket = new WebSocket(url)
      socket.on('error', () => resolve(undefined))
      const pauseAgain = () => {
        tell(socket, 'Debugger.resume')
        tell(socket, 'Debugger.pause')
      }
      socket.on('message', readPauses(siteDir, resolve, pauseAgain))
      socket.once('open', async () => {
        tell(socket, 'Debugger.enable')
        await ready
        child.send({ type: 'load', siteDir } satisfies Request)
        if (request !== undefined) child.send(request)
        const isTime = pauseCondition(child, reason, limits)
        const timer = setInterval(() => {
          if (!isTime()) return
          clearInterval(timer)
          tell(socket, 'Debugger.pause')
        }, memoryCheckMs)
        timers.signal.addEventListener('abort', () => clearInterval(timer))
      })
    })
  }).finally(() => {
    timers.abort()
    child.kill('SIGKILL')
  })
}

function pauseCondition(child: ChildProcess, reason: Ended['reason'], limits: PoolOptions): () => boolean {
  const atStart = residentMiB(child.pid)
  const until = performance.now() + hangingAfterMs
  return reason === 'memory'
    ? () => residentMiB(child.pid) > atStart + limits.memoryMiB
    : () => performance.now() > until
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

/** Answers the first pause that is in the site with its innermost line there. */
function readPauses(
  siteDir: string,
  found: (where: string) => void,
  elsewhere: () => void,
): (data: unknown) => void {
  const urls = new Map<unknown, unknown>()
  return (data) => {
    const message: unknown = JSON.parse(String(data))
    const params = member(message, 'params')
    switch (member(message, 'method')) {
      case 'Debugger.scriptParsed':
        urls.set(member(params, 'scriptId'), member(params, 'url'))
        break
      case 'Debugger.paused': {
        const where = whereOf(member(params, 'callFrames'), urls, siteDir)
        if (where === undefined) elsewhere()
        else found(where)
      }
    }
  }
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
