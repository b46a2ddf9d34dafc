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
  const names = new Set([...Object.keys(found), ...files.list('sys/class/net')])
  return Object.fromEntries(
    [...names].sort().flatMap((name) => {
      const addresses = (found[name] ?? []).filter(isTold).sort(byFamily)
      const dir = `sys/class/net/${name}`
      if (addresses.length === 0 && !files.exists(`${dir}/device`)) return []
      const link = {
        mac: files.line(`${dir}/address`) || (addresses[0]?.mac ?? ''),
        mtu: Number(files.line(`${dir}/mtu`)),
        addresses: addresses.map(({ address, cidr, family }) => ({
          address,
          prefix: Number(cidr?.split('/')[1] ?? 0),
          family: family === 'IPv4' ? ('ipv4' as const) : ('ipv6' as const),
        })),
      }
      return [[name, link] as const]
    }),
  )
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
