/** Whether others can be reached over the network, by new connections: one that stands says nothing of what new ones meet. */
import { connect } from 'node:net'

export interface Endpoint {
  readonly host: string
  readonly port: number
}

export interface Reachability {
  /** The server of this agent; undefined where there is none, as in `rekindle apply`. */
  readonly server: Endpoint | undefined
  /** Undefined when a TCP connection was made within the time, or why not, such as `ECONNREFUSED`. */
  check(endpoint: Endpoint, timeoutMs: number): Promise<string | undefined>
}

/** @param serverUrl base URL of the server */
export function createReachability(serverUrl?: string): Reachability {
  return { server: serverUrl === undefined ? undefined : endpointIn(serverUrl), check }
}

/** @example endpointIn('https://198.18.77.1:8140') // { host: '198.18.77.1', port: 8140 } */
export function endpointIn(serverUrl: string): Endpoint {
  const { hostname, port } = new URL(serverUrl)
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? 443 : Number(port) }
}

function check({ host, port }: Endpoint, timeoutMs: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const socket = connect({ host, port })
  const timer = setTimeout(() => resolve(`no answer within ${timeoutMs / 1000} seconds`), timeoutMs)
  socket.once('connect', () => resolve(undefined))
  socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  return promise.finally(() => {
    clearTimeout(timer)
    socket.destroy()
  })
}
