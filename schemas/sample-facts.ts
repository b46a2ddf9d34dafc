/** Facts of a host that there is not: a small Debian 12 server. Checks, tests and examples compile with them. Pure. */
import type { Facts } from './generated/types.ts'

export function sampleFacts(hostname: string): Facts {
  return {
    hostname,
    os: {
      id: 'debian',
      name: 'Debian GNU/Linux',
      prettyName: 'Debian GNU/Linux 12 (bookworm)',
      family: 'debian',
      release: '12',
      codename: 'bookworm',
      arch: 'amd64',
    },
    kernel: {
      release: '6.1.0-35-amd64',
      version: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.137-1 (2025-05-07)',
    },
    cpu: { count: 2, cores: 2, sockets: 1, model: 'AMD EPYC 7763 64-Core Processor' },
    memory: { totalMiB: 2048, swapMiB: 0 },
    disks: { vda: { sizeMiB: 20_480, model: '', rotational: false } },
    mounts: { '/': { device: '/dev/vda1', type: 'ext4', sizeMiB: 20_030 } },
    network: {
      address: '192.0.2.10',
      interfaces: { eth0: ['192.0.2.10'] },
      links: {
        eth0: {
          mac: '52:54:00:12:34:56',
          mtu: 1500,
          addresses: [{ address: '192.0.2.10', prefix: 24, family: 'ipv4' }],
        },
      },
      gateway: { interface: 'eth0', ipv4: '192.0.2.1', ipv6: '' },
      fqdn: `${hostname}.example.org`,
      nameservers: ['192.0.2.1'],
    },
    virtual: 'kvm',
    dmi: { manufacturer: 'QEMU', product: 'Standard PC (Q35 + ICH9, 2009)', serial: '', uuid: '' },
    timezone: 'Etc/UTC',
    bootTime: '2026-01-01T00:00:00Z',
    init: 'systemd',
    security: { selinux: 'disabled', apparmor: true },
    ssh: { hostKeys: {} },
    packageManager: 'apt',
    packages: {},
    custom: {},
    agent: { version: '0.1.0' },
  }
}
