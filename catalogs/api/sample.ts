/** Facts of a host that there is not: what a check, and a test, compiles roles with. Pure. */
import type { Facts } from '../../schemas/generated/types.ts'

/** @example sampleHost('web-*') // 'web-1' */
export function sampleHost(pattern: string): string {
  return pattern.replace('*', pattern === '*' ? 'host-1' : '1').replaceAll('*', '')
}

export function sampleFacts(hostname: string): Facts {
  return {
    hostname,
    os: { id: 'debian', family: 'debian', release: '12', codename: 'bookworm', arch: 'amd64' },
    kernel: { release: '6.1.0-35-amd64' },
    cpu: { count: 2 },
    memory: { totalMiB: 2048 },
    network: { address: '192.0.2.10', interfaces: { eth0: ['192.0.2.10'] } },
    virtual: 'systemd-nspawn',
    agent: { version: '0.1.0' },
  }
}
