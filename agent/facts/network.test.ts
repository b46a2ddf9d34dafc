import { expect, it } from 'vitest'
import { parseGateway } from './gateway.ts'
import { fullName } from './name.ts'
import { networkFacts } from './network.ts'
import { filesOf } from './testing.ts'

const address = (cidr: string, internal = false) =>
  ({
    address: cidr.split('/')[0],
    cidr,
    internal,
    family: cidr.includes(':') ? 'IPv6' : 'IPv4',
    mac: '52:54:00:aa:bb:cc',
  }) as never

const found = {
  lo: [address('127.0.0.1/8', true)],
  host1: [address('fd00::5/64'), address('198.18.77.5/24'), address('fe80::1/64')],
  down0: [address('fe80::2/64')],
  host0: [address('2001:db8::1/64'), address('2001:db8::f00d/64')],
}
const files = filesOf({
  'proc/net/if_inet6': `20010db8000000000000000000000001 04 40 00 80    host0
20010db800000000000000000000f00d 04 40 00 01    host0
`,
  'proc/net/dev': `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs
    lo: 1272 12 0 0 0 0 0 0 1272 12 0
 host0: 90 1 0 0 0 0 0 0 70 1 0
 host1:9000 1 0 0 0 0 0 0 70 1 0
  eno2: 0 0 0 0 0 0 0 0 0 0 0
 veth9: 0 0 0 0 0 0 0 0 0 0 0
`,
  'sys/class/net/host1/address': '52:54:00:aa:bb:cc\n',
  'sys/class/net/host1/mtu': '9000\n',
  'sys/class/net/host0/address': '52:54:00:11:22:33\n',
  'sys/class/net/host0/mtu': '9999\n',
  'sys/class/net/host0/device/uevent': '',
  'proc/sys/net/ipv6/conf/host0/mtu': '1400\n',
  'sys/class/net/others0/address': '52:54:00:44:55:67\n',
  'sys/class/net/others0/device/uevent': '',
  'sys/class/net/eno2/address': '52:54:00:44:55:66\n',
  'sys/class/net/eno2/mtu': '1500\n',
  'sys/class/net/eno2/device/uevent': '',
  'sys/class/net/veth9/address': '52:54:00:77:88:99\n',
  'etc/resolv.conf': '# made by hand\nnameserver 192.0.2.53\nnameserver 2001:db8::53\n',
})

it('networkFacts() has addresses that say something to others, hardware without any, and nothing of other namespaces', () => {
  const facts = networkFacts(files, found, 'web-1')
  expect(facts).toEqual({
    address: '198.18.77.5',
    interfaces: { host0: ['2001:db8::1'], host1: ['198.18.77.5', 'fd00::5'] },
    links: {
      eno2: { mac: '52:54:00:44:55:66', mtu: 1500, addresses: [] },
      host0: {
        mac: '52:54:00:aa:bb:cc',
        mtu: 1400,
        addresses: [{ address: '2001:db8::1', prefix: 64, family: 'ipv6' }],
      },
      host1: {
        mac: '52:54:00:aa:bb:cc',
        mtu: 9000,
        addresses: [
          { address: '198.18.77.5', prefix: 24, family: 'ipv4' },
          { address: 'fd00::5', prefix: 64, family: 'ipv6' },
        ],
      },
    },
    gateway: { interface: '', ipv4: '', ipv6: '' },
    fqdn: 'web-1',
    nameservers: ['192.0.2.53', '2001:db8::53'],
  })
})

it('networkFacts() does not depend on the order found', () => {
  const reversed = Object.fromEntries(
    Object.entries(found)
      .toReversed()
      .map(([name, list]) => [name, list.toReversed()]),
  )
  expect(JSON.stringify(networkFacts(files, reversed, 'web-1'))).toBe(
    JSON.stringify(networkFacts(files, found, 'web-1')),
  )
})

const routes = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
tun0\t00000000\t0100080A\t0003\t0\t0\t50\t00000080\t0\t0\t0
`
const zero = '0'.repeat(32)
const routes6 = `fd000000000000000000000000000000 40 ${zero} 00 ${zero} 00000100 00000001 00000000 00000001     eth0
${zero} 00 ${zero} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0
${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200       lo
`

it('parseGateway() takes the default route of the lowest metric', () => {
  expect(parseGateway(routes, routes6)).toEqual({ interface: 'eth0', ipv4: '192.0.2.1', ipv6: 'fe80::1' })
  expect(parseGateway('', routes6)).toEqual({ interface: 'eth0', ipv4: '', ipv6: 'fe80::1' })
  expect(parseGateway('', '')).toEqual({ interface: '', ipv4: '', ipv6: '' })
})

it.each([
  ['web-1.example.org', '', '', 'web-1.example.org'],
  [
    'web-1',
    '127.0.0.1 localhost\n127.0.1.1 web-1.example.org web-1 # me\n',
    'search other.org',
    'web-1.example.org',
  ],
  ['web-1', '127.0.1.1 web-1\n', 'domain old.org\nsearch example.org. example.com\n', 'web-1.example.org'],
  ['web-1', '127.0.1.1 db-1.example.org web-10\n', 'nameserver 192.0.2.1', 'web-1'],
])('fullName(%j, %j, %j) is %s', (name, hosts, resolv, wanted) => {
  expect(fullName(name, hosts, resolv)).toBe(wanted)
})
