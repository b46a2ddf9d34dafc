import { describe, expect, it } from 'vitest'
import { role } from '../api/role.ts'
import { compile } from '../api/testing.ts'
import { type HostFirewallOptions, hostFirewall } from './firewall.ts'
import { ssh } from './ssh.ts'

const compiled = (options: HostFirewallOptions) =>
  compile(
    role('r', () => {
      hostFirewall(options)
    }),
  )
const onSsh = { port: 22 }
const textOf = (options: HostFirewallOptions) =>
  compiled({ withoutSsh: true, ...options }).find('firewall', 'inet filter').content

describe('hostFirewall()', () => {
  it('lets in answers, the host itself, what networks need, and what rules name', () => {
    expect(textOf({ allow: [onSsh] })).toBe(`chain input {
  type filter hook input priority filter; policy drop;
  iif lo accept
  ct state established,related accept
  ct state invalid drop
  icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-query } accept
  ip6 saddr fe80::/10 udp dport 546 accept
  icmp type echo-request accept
  icmpv6 type echo-request accept
  tcp dport { 22 } accept
}
chain forward {
  type filter hook forward priority filter; policy drop;
  ct state established,related accept
}
`)
  })

  it('is loaded at boot, and keeps the server reachable unless told whom else', () => {
    const catalog = compiled({ allow: [onSsh], confirm: { host: '192.0.2.1', port: 22 } })
    expect(catalog.ids).toEqual(['package:nftables', 'firewall:inet filter', 'service:nftables'])
    expect(catalog.find('firewall', 'inet filter').params.confirm).toEqual({ host: '192.0.2.1', port: 22 })
    expect(compiled({ allow: [onSsh] }).find('firewall', 'inet filter').params.confirm).toBeUndefined()
  })

  it.each<[HostFirewallOptions, string]>([
    [{ allow: [{ port: [80, 443, '6000-6010'] }] }, '  tcp dport { 80, 443, 6000-6010 } accept\n'],
    [{ allow: [{ port: 53, protocol: 'udp' }] }, '  udp dport { 53 } accept\n'],
    [
      { allow: [{ port: 1, from: ['192.0.2.1', '10.0.0.0/8'] }] },
      '  ip saddr { 192.0.2.1, 10.0.0.0/8 } tcp dport { 1 } accept\n',
    ],
    [
      { allow: [{ port: 1, from: ['10.0.0.1', '2001:db8::/32'] }] },
      '  ip6 saddr { 2001:db8::/32 } tcp dport { 1 } accept\n',
    ],
    [{ allow: [{ interface: 'eth0' }] }, '  iifname "eth0" accept\n'],
    [
      { allow: [{ from: ['10.0.0.1'], protocol: 'udp' }] },
      '  ip saddr { 10.0.0.1 } meta l4proto udp accept\n',
    ],
    [
      { allow: [{ port: 1, limit: '9/minute' }] },
      '  tcp dport { 1 } ct state new limit rate 9/minute accept\n',
    ],
    [{ allow: [{ port: 1, comment: 'why' }] }, '  tcp dport { 1 } accept comment "why"\n'],
    [{ deny: ['192.0.2.9'] }, '  iif lo accept\n  ip saddr { 192.0.2.9 } drop\n  ct state established'],
    [
      { forward: 'accept' },
      'chain forward {\n  type filter hook forward priority filter; policy accept;\n}\n',
    ],
    [{ log: true }, '  limit rate 10/minute log prefix "input dropped: "\n}\n'],
    [{ rules: ['ip protocol vrrp accept'] }, '  ip protocol vrrp accept\n}\n'],
    [{ extra: 'set blocked { type ipv4_addr; }' }, 'set blocked { type ipv4_addr; }\nchain input'],
    [
      { output: 'drop', allowOut: [{ port: 53, protocol: 'udp', to: ['192.0.2.1'] }] },
      '  ip daddr { 192.0.2.1 } udp dport { 53 } accept\n',
    ],
  ])('%j', (options, expected) => {
    expect(textOf(options)).toContain(expected)
  })

  it('does not answer pings when told so, and lets everything out by default', () => {
    expect(textOf({ ping: false })).not.toContain('echo-request')
    expect(textOf({})).not.toContain('chain output')
  })

  it.each<[HostFirewallOptions]>([
    [{ allow: [{ port: '20-30' }] }],
    [{ allow: [{ port: [80, 22] }] }],
    [{ allow: [{ from: ['192.0.2.0/24'] }] }],
    [{ allow: [{ port: 2222 }], sshPort: 2222 }],
    [{ allow: [], withoutSsh: true }],
  ])('takes %j for a way in', (options) => {
    expect(compiled(options).ids).toContain('firewall:inet filter')
  })

  it('knows where the role lets sshd listen', () => {
    const both = (port: number) =>
      compile(
        role('r', () => {
          hostFirewall({ allow: [{ port }] })
          ssh({ port: [2222, 2223], keysElsewhere: true })
        }),
      )
    expect(both(2223).ids).toContain('firewall:inet filter')
    expect(() => both(22)).toThrow('no rule lets TCP port 2222 or 2223 in')
  })

  it.each<[object, string]>([
    [{}, 'Cannot use hostFirewall: it would leave no way in: no rule lets TCP port 22 in'],
    [{ allow: [{ port: 22, protocol: 'udp' }] }, 'no way in'],
    [{ allow: [{ port: '23-30' }] }, 'no way in'],
    [{ allow: [onSsh, {}] }, 'a rule of "allow" lets everything in'],
    [{ allow: [onSsh, { port: '9-1' }] }, '"9-1" is no range of ports'],
    [{ allow: [onSsh], allowOut: [{ port: 1 }] }, '"allowOut" goes with output "drop" only'],
    [{ allow: [{ port: 22, from: ['here'] }] }, 'option "allow.0.from.0"'],
    [{ allow: [{ port: 0 }] }, 'option "allow.0.port"'],
    [{ allow: [{ ...onSsh, comment: 'a "b"' }] }, 'option "allow.0.comment"'],
    [{ allow: [{ ...onSsh, limit: 'some' }] }, 'option "allow.0.limit"'],
  ])('refuses %j', (options, said) => {
    expect(() => compiled(options as HostFirewallOptions)).toThrow(said)
    expect(() => compiled(options as HostFirewallOptions)).toThrow('firewall.test.ts:')
  })
})
