import type { networkInterfaces } from 'node:os'
import type { Facts } from '../../schemas/generated/types.ts'

type Interfaces = ReturnType<typeof networkInterfaces>

/**
 * Addresses by interface. Loopback is left out, and so are IPv6 link-local addresses, which say nothing of the host to
 * others. Sorted, since the kernel's order changes and equal hosts must send equal facts.
 */
export function networkFacts(found: Interfaces): Facts['network'] {
  const interfaces: Record<string, string[]> = {}
  for (const name of Object.keys(found).sort()) {
    const addresses = (found[name] ?? []).filter(
      ({ internal, address }) => !internal && !address.startsWith('fe80:'),
    )
    if (addresses.length > 0) interfaces[name] = addresses.map(({ address }) => address).sort(byFamily)
  }
  return { address: Object.values(interfaces).flat().sort(byFamilyOnly)[0] ?? '', interfaces }
}

/** IPv4 before IPv6, then by text. */
function byFamily(a: string, b: string): number {
  return byFamilyOnly(a, b) || (a < b ? -1 : 1)
}

function byFamilyOnly(a: string, b: string): number {
  return Number(a.includes(':')) - Number(b.includes(':'))
}
