import { expect, test } from 'vitest'
import { canonicalSysctlKey, isCanonicalSysctlKey, sysctlPath } from './sysctl-key.ts'

test.each([
  ['net.ipv4.ip_forward', 'net.ipv4.ip_forward', '/proc/sys/net/ipv4/ip_forward'],
  ['net/ipv4/ip_forward', 'net.ipv4.ip_forward', '/proc/sys/net/ipv4/ip_forward'],
  [
    'net.ipv4.conf.eth0/1.forwarding',
    'net.ipv4.conf.eth0/1.forwarding',
    '/proc/sys/net/ipv4/conf/eth0.1/forwarding',
  ],
  [
    'net/ipv4/conf/eth0.1/forwarding',
    'net.ipv4.conf.eth0/1.forwarding',
    '/proc/sys/net/ipv4/conf/eth0.1/forwarding',
  ],
])('%s is %s, at %s', (written, key, path) => {
  expect(canonicalSysctlKey(written)).toBe(key)
  expect(isCanonicalSysctlKey(key)).toBe(true)
  expect(sysctlPath(key)).toBe(path)
})

test.each([
  'ip_forward',
  'net..x',
  'net.ipv4.',
  'net.//.x',
  'net./.x',
  'net.ipv4.conf.*.x',
  'a.b=c',
  '-net.x',
  'a.b c',
  '',
])('%j is no key', (written) => {
  expect(isCanonicalSysctlKey(canonicalSysctlKey(written))).toBe(false)
})
