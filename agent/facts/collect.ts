/** What a host says of itself, from files alone: no child process, a millisecond or two. */
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, hostname, networkInterfaces, release } from 'node:os'
import { join } from 'node:path'
import type { Facts } from '../../schemas/generated/types.ts'
import { version } from '../../schemas/version.ts'
import { parseTotalMiB } from './memory.ts'
import { networkFacts } from './network.ts'
import { osFacts } from './os.ts'
import { detectVirtual } from './virtual.ts'

/** @param root where the host's files are; other than `/` in tests */
export function collectFacts(root = '/'): Facts {
  const read = (path: string) => readOrEmpty(join(root, path))
  const dmi = `${read('sys/class/dmi/id/sys_vendor')}\n${read('sys/class/dmi/id/product_name')}`
  return {
    hostname: hostname().split('.')[0] ?? '',
    os: osFacts(read('etc/os-release') || read('usr/lib/os-release'), process.arch),
    kernel: { release: release() },
    cpu: { count: availableParallelism() },
    memory: { totalMiB: parseTotalMiB(read('proc/meminfo')) },
    network: networkFacts(networkInterfaces()),
    virtual: detectVirtual({
      systemdContainer: read('run/systemd/container'),
      initEnvironment: read('proc/1/environ'),
      marker: markerIn(root),
      dmi,
      cpuinfo: read('proc/cpuinfo'),
    }),
    agent: { version },
  }
}

function markerIn(root: string): 'docker' | 'podman' | undefined {
  if (existsSync(join(root, '.dockerenv'))) return 'docker'
  return existsSync(join(root, 'run/.containerenv')) ? 'podman' : undefined
}

/** A host that lacks a file lacks what it would say; a fact is then empty, and no reason to stop. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
