import { describe, expect, test } from 'vitest'
import { complain, type TypeRule } from '../parameter.ts'
import type { ResourceTypeName } from '../reference.ts'
import {
  alternativesRule,
  hostnameRule,
  kernelModuleRule,
  localeRule,
  logrotateRule,
  mountRule,
  swapRule,
  sysctlRule,
  timezoneRule,
} from './system.ts'

type Row = readonly [type: ResourceTypeName, title: string, params: object, rule: TypeRule]

test.each<Row>([
  ['mount', '/srv/a b', { device: 'LABEL=my disk', options: ['noatime', 'nofail'], pass: 2 }, mountRule],
  ['mount', '/', { device: '/dev/vda1', fstype: 'ext4' }, mountRule],
  ['mount', '/gone', { ensure: 'absent' }, mountRule],
  ['swap', '/swapfile', { size: '2G', priority: 0 }, swapRule],
  ['swap', '/dev/sda5', {}, swapRule],
  ['sysctl', 'net.ipv4.conf.eth0/1.forwarding', { value: 1 }, sysctlRule],
  ['sysctl', 'kernel.core_pattern', { value: '|/bin/x %P' }, sysctlRule],
  ['kernel_module', 'nf_conntrack', { options: { hashsize: 1, mode: 'x,y' } }, kernelModuleRule],
  ['hostname', 'web-1.example.org', {}, hostnameRule],
  ['timezone', 'America/Argentina/Buenos_Aires', {}, timezoneRule],
  ['timezone', 'Etc/GMT+3', {}, timezoneRule],
  ['locale', 'de_DE@euro', { categories: ['LC_MONETARY'] }, localeRule],
  ['locale', 'C.UTF-8', { default: true }, localeRule],
  ['alternatives', 'x-terminal-emulator', { path: 'auto' }, alternativesRule],
  ['logrotate', 'app', { paths: '/var/log/a b*.log', create: '0640 app adm', size: '1M' }, logrotateRule],
])('%s %j takes %j', (type, title, params, rule) => {
  expect(complain({ type, title, params: { ...params }, rule })).toEqual([])
})

describe('refused at compile', () => {
  test.each<[...Row, said: string]>([
    ['mount', 'srv', { device: 'x' }, mountRule, 'not an absolute path'],
    ['mount', '/srv', {}, mountRule, 'needs a "device"'],
    ['mount', '/srv', { device: 'x', options: 'a b' }, mountRule, '"options"'],
    ['mount', '/srv', { device: 'x', options: ['ro,noexec'] }, mountRule, '"options'],
    ['mount', '/', { ensure: 'absent' }, mountRule, 'the root file system cannot be "absent"'],
    ['swap', '/dev/sda5', { size: '1G' }, swapRule, '"size" is for a file'],
    ['swap', '/swap', { size: '1.5G' }, swapRule, '"size"'],
    ['sysctl', 'ip_forward', { value: 1 }, sysctlRule, 'no key such as'],
    ['sysctl', 'net.ipv4.conf.*.x', { value: 1 }, sysctlRule, 'no key such as'],
    ['sysctl', 'net.ipv4.ip_forward', {}, sysctlRule, 'needs a "value"'],
    ['sysctl', 'net.ipv4.ip_forward', { value: '1\n2' }, sysctlRule, '"value"'],
    ['kernel_module', 'a/b', {}, kernelModuleRule, 'no name of a kernel module'],
    ['kernel_module', 'a', { options: { 'x y': 1 } }, kernelModuleRule, '"options'],
    ['kernel_module', 'a', { options: { x: 'a b' } }, kernelModuleRule, '"options'],
    ['kernel_module', 'a', { options: { x: 1 }, ensure: 'absent' }, kernelModuleRule, 'does not go with'],
    ['hostname', 'web_1', {}, hostnameRule, 'no name of a host'],
    ['hostname', 'a.example.org', { domain: 'b.org' }, hostnameRule, 'exclude each other'],
    ['timezone', '../etc/passwd', {}, timezoneRule, 'no name of a time zone'],
    ['timezone', 'europe/berlin', {}, timezoneRule, 'no name of a time zone'],
    ['locale', 'english', {}, localeRule, 'no name of a locale'],
    ['locale', 'en_US.UTF-8', { ensure: 'absent', default: true }, localeRule, 'cannot be a default'],
    ['alternatives', 'editor', {}, alternativesRule, 'path'],
    ['alternatives', 'editor', { path: 'vim' }, alternativesRule, '"path"'],
    ['alternatives', '../editor', { path: 'auto' }, alternativesRule, 'no name of a link group'],
    ['logrotate', 'app.dpkg-old', { paths: '/a' }, logrotateRule, 'passes over a file of that name'],
    ['logrotate', 'app', {}, logrotateRule, 'needs "paths"'],
    [
      'logrotate',
      'app',
      { paths: '/a', size: '1M', frequency: 'daily' },
      logrotateRule,
      'exclude each other',
    ],
    ['logrotate', 'app', { paths: '/a"b' }, logrotateRule, '"paths"'],
    ['logrotate', 'app', { paths: '/a', postrotate: 'x\nendscript\n' }, logrotateRule, 'would end it'],
    [
      'logrotate',
      'app',
      { paths: '/a', copytruncate: true, create: true },
      logrotateRule,
      'exclude each other',
    ],
  ])('%s %j with %j', (type, title, params, rule, said) => {
    const messages = complain({ type, title, params: { ...params }, rule }).map(({ message }) => message)
    expect(messages.join('\n')).toContain(said)
  })
})
