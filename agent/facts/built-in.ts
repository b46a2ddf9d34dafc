/** What a host says of itself, from files alone: no child process, a few milliseconds. */
import { availableParallelism, hostname, version as kernelVersion, networkInterfaces, release } from 'node:os'
import type { Facts, Vitals } from '../../schemas/generated/types.ts'
import { version } from '../../schemas/version.ts'
import { bootTime, uptimeSeconds } from './boot.ts'
import { cpuFacts } from './cpu.ts'
import { diskFacts } from './disk.ts'
import { createFactFiles, type FactFiles } from './files.ts'
import { parseMemoryMiB } from './memory.ts'
import { mountFacts, mountVitals } from './mount.ts'
import { networkFacts } from './network.ts'
import { osFacts } from './os.ts'
import { dmiFacts, initFact, packageManagerFact, securityFacts, sshFacts, timezoneFact } from './system.ts'
import { detectVirtual } from './virtual.ts'

/** Facts without `packages` and `custom`, which cost more and are collected apart. */
export function builtInFacts(files = createFactFiles()): Facts {
  const { read } = files
  const meminfo = read('proc/meminfo')
  const name = hostname()
  return {
    hostname: name.split('.')[0] ?? '',
    os: osFacts(read('etc/os-release') || read('usr/lib/os-release'), process.arch),
    kernel: { release: release(), version: kernelVersion() },
    cpu: cpuFacts(files, availableParallelism()),
    memory: {
      totalMiB: parseMemoryMiB(meminfo, 'MemTotal'),
      swapMiB: parseMemoryMiB(meminfo, 'SwapTotal'),
    },
    disks: diskFacts(files),
    mounts: mountFacts(read('proc/self/mountinfo'), files.space),
    network: networkFacts(files, networkInterfaces(), name),
    virtual: virtualFact(files),
    dmi: dmiFacts(files),
    timezone: timezoneFact(files),
    bootTime: bootTime({ stat: read('proc/stat'), init: read('proc/1/stat') }),
    init: initFact(files),
    security: securityFacts(files),
    ssh: sshFacts(files),
    packageManager: packageManagerFact(files),
    packages: {},
    custom: {},
    agent: { version },
  }
}

export function readVitals({ read, space } = createFactFiles()): Vitals {
  const meminfo = read('proc/meminfo')
  return {
    uptimeSeconds: uptimeSeconds(read('proc/uptime'), read('proc/1/stat')),
    load: read('proc/loadavg').split(' ', 3).filter(Boolean).map(Number),
    memoryFreeMiB: parseMemoryMiB(meminfo, 'MemAvailable'),
    swapFreeMiB: parseMemoryMiB(meminfo, 'SwapFree'),
    mounts: mountVitals(read('proc/self/mountinfo'), space),
  }
}

function virtualFact({ read, exists }: FactFiles): string {
  return detectVirtual({
    systemdContainer: read('run/systemd/container'),
    initEnvironment: read('proc/1/environ'),
    marker: exists('.dockerenv') ? 'docker' : exists('run/.containerenv') ? 'podman' : undefined,
    dmi: `${read('sys/class/dmi/id/sys_vendor')}\n${read('sys/class/dmi/id/product_name')}`,
    cpuinfo: read('proc/cpuinfo'),
  })
}
