/** Pure: the default route, from /proc/net/route and /proc/net/ipv6_route. */
import type { Facts } from '../../schemas/generated/types.ts'

interface Route {
  readonly interface: string
  readonly address: string
  readonly metric: number
}

const [up, gateway, reject] = [0x0001, 0x0002, 0x0200]

export function parseGateway(ipv4: string, ipv6: string): Facts['network']['gateway'] {
  const four = lowest(ipv4.split('\n').flatMap(parseIpv4))
  const six = lowest(ipv6.split('\n').flatMap(parseIpv6))
  return {
    interface: four?.interface ?? six?.interface ?? '',
    ipv4: four?.address ?? '',
    ipv6: six?.address ?? '',
  }
}

function lowest(routes: readonly Route[]): Route | undefined {
  return routes.toSorted((a, b) => a.metric - b.metric)[0]
}

/** Addresses are hexadecimal in the byte order of the machine, which is little-endian wherever an agent runs. */
function parseIpv4(line: string): readonly Route[] {
  const [name = '', destination, next = '', flags = '', , , metric, mask] = line.trim().split(/\s+/)
  const wanted = up | gateway
  if (destination !== '00000000' || mask !== '00000000') return []
  if ((Number.parseInt(flags, 16) & wanted) !== wanted) return []
  const address = Buffer.from(next, 'hex').toReversed().join('.')
  return [{ interface: name, address, metric: Number(metric) }]
}

function parseIpv6(line: string): readonly Route[] {
  const [destination = '', length, , , next = '', metric = '', , , flags = '', name = ''] = line.split(/\s+/)
  const bits = Number.parseInt(flags, 16)
  if (!/^0+$/.test(destination) || length !== '00' || (bits & (gateway | reject)) !== gateway) return []
  return [{ interface: name, address: textOf(next), metric: Number.parseInt(metric, 16) }]
}

/** RFC 5952, by the parser of URLs. */
function textOf(hex: string): string {
  const groups = hex.match(/.{4}/g) ?? []
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
