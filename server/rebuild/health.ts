/** Asks a new machine whether it answers: a TCP connection, or an HTTP GET that must give 2xx. */
import { request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { errorShape } from '../../schemas/errors.ts'
import type { HealthCheck } from '../../schemas/generated/types.ts'

const betweenTriesMs = 250
const oneTryMs = 5_000

/**
 * Tries until the check passes, or its time limit (default 10 seconds) or `signal` ends it.
 *
 * @returns undefined when it passed; else why the last try did not.
 */
export async function checkHealth(
  address: string,
  check: HealthCheck,
  signal: AbortSignal,
): Promise<string | undefined> {
  const limitMs = (check.timeoutSeconds ?? 10) * 1000
  const over = AbortSignal.any([signal, AbortSignal.timeout(limitMs)])
  let why = 'no answer'
  while (!over.aborted) {
    const failure = await tryOnce(address, check, over)
    if (failure === undefined) return undefined
    // What the end of the time cut off says less than the try before it.
    if (!over.aborted) why = failure
    await pause(betweenTriesMs, undefined, { signal: over }).catch(() => undefined)
  }
  return `${name(address, check)} did not answer within ${limitMs / 1000} s: ${why}`
}

function name(address: string, { port, path }: HealthCheck): string {
  return path === undefined ? `port ${port} of ${address}` : `http://${address}:${port}${path}`
}

async function tryOnce(address: string, check: HealthCheck, over: AbortSignal): Promise<string | undefined> {
  const signal = AbortSignal.any([over, AbortSignal.timeout(oneTryMs)])
  try {
    if (check.path === undefined) return await tryTcp(address, check.port, signal)
    const status = await tryHttp(address, check.port, check.path, signal)
    return status >= 200 && status < 300 ? undefined : `it answered ${status}`
  } catch (error) {
    return errorShape(error).message
  }
}

function tryTcp(address: string, port: number, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, signal })
    socket.once('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
    socket.once('error', reject)
  })
}

function tryHttp(address: string, port: number, path: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: address, port, path, signal, agent: false }, (response) => {
      // The status is all that counts; a body may be endless.
      response.once('error', () => undefined)
      resolve(response.statusCode ?? 0)
      response.destroy()
    })
    asked.once('error', reject)
    asked.end()
  })
}
