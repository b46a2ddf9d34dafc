/** `address:port` of server.json, read and judged. */
import { BlockList, isIP } from 'node:net'
import { RekindleError } from '../../schemas/errors.ts'

export interface ListenAddress {
  readonly host: string
  /** 0: the system picks one. */
  readonly port: number
}

/** @example parseListen('[::1]:8140', 'agentListen') // { host: '::1', port: 8140 } */
export function parseListen(text: string, field: string): ListenAddress {
  const match = /^(?:\[(?<v6>[0-9a-fA-F:]+)\]|(?<name>[^\s:[\]]+)):(?<port>\d{1,5})$/.exec(text)
  const host = match?.groups?.v6 ?? match?.groups?.name
  const port = Number(match?.groups?.port)
  if (host === undefined || !(port <= 65_535)) {
    throw new RekindleError({
      code: 'config-invalid',
      message: `Cannot listen: "${field}" is no address and port`,
      found: text,
      wanted: 'address:port, such as 127.0.0.1:8141',
    })
  }
  return { host, port }
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Whether nobody but this machine can reach it. A name other than `localhost` is not trusted to be so. */
export function isLoopback(host: string): boolean {
  const family = isIP(host)
  if (family === 0) return host === 'localhost'
  return loopback.check(host, family === 6 ? 'ipv6' : 'ipv4')
}

/** @example renderUrl('https', { host: '::1', port: 8140 }) // 'https://[::1]:8140' */
export function renderUrl(scheme: 'http' | 'https', { host, port }: ListenAddress): string {
  return `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}
