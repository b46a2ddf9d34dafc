/** The body of an nftables table. Pure. */
import type { Checked } from './declare.ts'

type HostFirewall = Checked<'module/firewall'>

export function renderRules(options: HostFirewall): string {
  const { forward = 'drop', output = 'accept', extra } = options
  return [
    ...(extra === undefined ? [] : [extra.trimEnd()]),
    chain('input', 'drop', input(options)),
    chain('forward', forward, forward === 'drop' ? [answers] : []),
    ...(output === 'drop' ? [chain('output', 'drop', outgoing(options))] : []),
    '',
  ].join('\n')
}

const answers = 'ct state established,related accept'
/** Without them neither addresses nor sizes of packets are found; of the old protocol, errors are answers. */
const neighbours =
  'icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-query } accept'
const logged = (what: string) => `limit rate 10/minute log prefix "${what} dropped: "`

function input({
  allow = [],
  deny = [],
  ping = true,
  log = false,
  rules = [],
}: HostFirewall): readonly string[] {
  return [
    'iif lo accept',
    ...byFamily('saddr', deny).map((from) => `${from} drop`),
    answers,
    'ct state invalid drop',
    neighbours,
    // DHCPv6 answers from an address that was not asked.
    'ip6 saddr fe80::/10 udp dport 546 accept',
    ...(ping ? ['icmp type echo-request accept', 'icmpv6 type echo-request accept'] : []),
    ...allow.flatMap(({ from, interface: by, limit, ...rule }) => {
      const words = [by === undefined ? '' : `iifname "${by}"`, ports(rule)]
      const rate = limit === undefined ? '' : `ct state new limit rate ${limit}`
      return accepting(from, 'saddr', [...words, rate], rule.comment)
    }),
    ...rules,
    ...(log ? [logged('input')] : []),
  ]
}

function outgoing({ allowOut = [], log = false }: HostFirewall): readonly string[] {
  return [
    'oif lo accept',
    answers,
    neighbours,
    ...allowOut.flatMap(({ to, ...rule }) => accepting(to, 'daddr', [ports(rule)], rule.comment)),
    ...(log ? [logged('output')] : []),
  ]
}

interface PortRule {
  readonly port?: number | string | readonly (number | string)[]
  readonly protocol?: 'tcp' | 'udp'
}

/** Without a port, it is any protocol unless one is named. */
function ports({ port, protocol }: PortRule): string {
  if (port === undefined) return protocol === undefined ? '' : `meta l4proto ${protocol}`
  return `${protocol ?? 'tcp'} dport { ${[port].flat().join(', ')} }`
}

function accepting(
  addresses: readonly string[] | undefined,
  side: 'saddr' | 'daddr',
  words: readonly string[],
  comment: string | undefined,
): readonly string[] {
  const families = addresses === undefined ? [''] : byFamily(side, addresses)
  const end = comment === undefined ? [] : [`comment "${comment}"`]
  return families.map((family) => [family, ...words, 'accept', ...end].filter(Boolean).join(' '))
}

function byFamily(side: 'saddr' | 'daddr', addresses: readonly string[]): readonly string[] {
  const [v6, v4] = [addresses.filter(isV6), addresses.filter((address) => !isV6(address))]
  return [
    ...(v4.length === 0 ? [] : [`ip ${side} { ${v4.join(', ')} }`]),
    ...(v6.length === 0 ? [] : [`ip6 ${side} { ${v6.join(', ')} }`]),
  ]
}

function isV6(address: string): boolean {
  return address.includes(':')
}

function chain(name: string, policy: 'accept' | 'drop', rules: readonly string[]): string {
  const head = `type filter hook ${name} priority filter; policy ${policy};`
  return `chain ${name} {\n${[head, ...rules].map((rule) => `  ${rule}\n`).join('')}}`
}
