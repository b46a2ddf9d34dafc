/**
 * Finds the line at which a compile hangs or grows: runs it once more in a sandbox that listens to a debugger on loopback,
 * pauses it, and reads its stack. Only done after a compile had to be killed.
 */
import type { ChildProcess } from 'node:child_process'
import WebSocket from 'ws'
import type { Request } from './message.ts'
import { forkSandbox, type PoolOptions } from './pool.ts'

/** A compile that hangs is hanging long before its time limit. */
const hangingAfterMs = 1_500
/** For all of it, after which the line stays unknown. */
const patienceMs = 10_000

/** `path:line` in the site, or undefined when it was not found. */
export function locate(
  siteDir: string,
  request: Request | undefined,
  reason: 'timeout' | 'memory',
  limits: PoolOptions,
): Promise<string | undefined> {
  const child = forkSandbox(siteDir, limits.memoryMiB, ['--inspect=127.0.0.1:0', '--allow-inspector'])
  return new Promise<string | undefined>((resolve) => {
    const patience = setTimeout(() => resolve(undefined), patienceMs)
    child.once('exit', () => resolve(undefined))
    listen(child, (url) => {
      const socket = new WebSocket(url)
      socket.on('error', () => resolve(undefined))
      attach(socket, siteDir, resolve)
      socket.once('open', () => {
        send(socket, 'Debugger.enable')
        child.send({ type: 'load', siteDir } satisfies Request)
        if (request !== undefined) child.send(request)
        // Out of memory, V8 pauses by itself; before that, growth is as good a place.
        if (reason === 'timeout') setTimeout(() => send(socket, 'Debugger.pause'), hangingAfterMs).unref()
      })
    })
    void patience.unref()
  }).finally(() => child.kill('SIGKILL'))
}

/** Node says on standard error where its debugger listens. */
function listen(child: ChildProcess, found: (url: string) => void): void {
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

/** Answers the first pause that has a frame in the site. */
function attach(socket: WebSocket, siteDir: string, found: (where: string | undefined) => void): void {
  const urls = new Map<string, string>()
  socket.on('message', (data) => {
    const { method, params } = JSON.parse(String(data))
    if (method === 'Debugger.scriptParsed') urls.set(params.scriptId, params.url)
    if (method === 'Debugger.paused') found(whereOf(params.callFrames, urls, siteDir))
  })
}

interface CallFrame {
  readonly location: { readonly scriptId: string; readonly lineNumber: number }
}

function whereOf(
  frames: readonly CallFrame[],
  urls: ReadonlyMap<string, string>,
  siteDir: string,
): string | undefined {
  const prefix = `file://${siteDir}/`
  for (const { location } of frames) {
    const url = urls.get(location.scriptId)
    if (url?.startsWith(prefix) === true && !url.includes('/node_modules/')) {
      return `${decodeURI(url.slice(prefix.length))}:${location.lineNumber + 1}`
    }
  }
  return undefined
}

function send(socket: WebSocket, method: string): void {
  socket.send(JSON.stringify({ id: 1, method }))
}
