/** Pure: interfaces, addresses, the default route and names, out of what the kernel and /etc say. */
import type { networkInterfaces } from 'node:os'
import type { Facts } from '../../schemas/generated/types.ts'
import type { FactFiles } from './files.ts'
import { parseGateway } from './gateway.ts'
import { fullName, parseNameservers } from './name.ts'

type Interfaces = ReturnType<typeof networkInterfaces>
type Address = NonNullable<Interfaces[string]>[number]
type NetworkFiles = Pick<FactFiles, 'read' | 'line' | 'list' | 'exists'>

/** @param name as the kernel has it, with a domain or without */
export function networkFacts(files: NetworkFiles, found: Interfaces, name: string): Facts['network'] {
  const resolv = files.read('etc/resolv.conf')
  const links = linkFacts(files, found)
  return {
    ...addressFacts(links),
    links,
    gateway: parseGateway(files.read('proc/net/route'), files.read('proc/net/ipv6_route')),
    fqdn: fullName(name, files.read('etc/hosts'), resolv),
    nameservers: parseNameservers(resolv),
  }
}

/**
 * Interfaces with an address, and those of hardware. Loopback is left out, and so are IPv6 addresses that say nothing of
 * the host to others (link-local) or change by themselves (temporary). Sorted, since the kernel's order changes and equal
 * hosts must send equal facts.
 */
function linkFacts(files: NetworkFiles, found: Interfaces): Facts['network']['links'] {
  const temporary = parseTemporary(files.read('proc/net/if_inet6'))
  const isTold = ({ internal, address }: Address) =>
    !internal && !address.startsWith('fe80:') && !temporary.has(hexOf(address))
  const names = new Set([...Object.keys(found), ...parseNames(files.read('proc/net/dev'))])
  return Object.fromEntries(
    [...names].sort().flatMap((name) => {
      const own = found[name] ?? []
      const device = deviceOf(files, name, own[0]?.mac)
      const addresses = own.filter(isTold).sort(byFamily)
      if (addresses.length === 0 && !device.isHardware) return []
      const { mac, mtu } = device
      return [[name, { mac, mtu, addresses: addresses.map(renderAddress) }] as const]
    }),
  )
}

/**
 * What /sys says of an interface. In a container it may be that of another network namespace, whose interfaces have the
 * same names and other hardware addresses; /proc is always that of the process.
 */
function deviceOf({ line, exists }: NetworkFiles, name: string, mac: string | undefined) {
  const dir = `sys/class/net/${name}`
  const said = line(`${dir}/address`)
  const isOwn = said !== '' && (mac === undefined || mac === said)
  const mtu = isOwn ? line(`${dir}/mtu`) : line(`proc/sys/net/ipv6/conf/${name}/mtu`)
  return { mac: mac ?? said, mtu: Number(mtu), isHardware: isOwn && exists(`${dir}/device`) }
}

function renderAddress({ address, cidr, family }: Address) {
  return {
    address,
    prefix: Number(cidr?.split('/')[1] ?? 0),
    family: family === 'IPv4' ? ('ipv4' as const) : ('ipv6' as const),
  }
}

/** Interfaces of /proc/net/dev, below its two lines of headings. */
function parseNames(dev: string): readonly string[] {
  return [...dev.matchAll(/^ *([^\s|:]+):/gm)].map(([, name = '']) => name)
}

function addressFacts(links: Facts['network']['links']): Pick<Facts['network'], 'address' | 'interfaces'> {
  const interfaces = Object.fromEntries(
    Object.entries(links).flatMap(([name, { addresses }]) =>
      addresses.length === 0 ? [] : [[name, addresses.map(({ address }) => address)] as const],
    ),
  )
  const all = Object.values(interfaces).flat()
  return { address: all.find((address) => !address.includes(':')) ?? all[0] ?? '', interfaces }
}

/** IPv4 before IPv6, then by text. */
function byFamily({ address: a }: Address, { address: b }: Address): number {
  return Number(a.includes(':')) - Number(b.includes(':')) || (a < b ? -1 : 1)
}

const temporaryFlag = 0x01

/** Addresses of privacy extensions in /proc/net/if_inet6, as 32 hexadecimal digits. */
function parseTemporary(text: string): ReadonlySet<string> {
  const lines = text.split('\n').map((line) => line.split(/\s+/))
  return new Set(
    lines.flatMap(([address = '', , , , flags = '0']) =>
      Number.parseInt(flags, 16) & temporaryFlag ? [address] : [],
    ),
  )
}

/** An IPv6 address as 32 hexadecimal digits; what has other than eight groups is none. */
function hexOf(address: string): string {
  const [before = '', after] = address.split('::')
  const groups = (text: string | undefined) => (text ? text.split(':') : [])
  const [head, tail] = [groups(before), groups(after)]
  const zeros = after === undefined ? [] : Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0')
  return [...head, ...zeros, ...tail].map((group) => group.padStart(4, '0')).join('')
}
