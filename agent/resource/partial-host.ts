/** For tests: a host with some ports, where the use of any other fails by name. */
import type { Host } from '../host/host.ts'

const ports: Record<keyof Host, true> = {
  exec: true,
  files: true,
  write: true,
  places: true,
  blobs: true,
  backups: true,
  dpkg: true,
  systemd: true,
  passwd: true,
  kernel: true,
  notes: true,
  asides: true,
  trees: true,
  timers: true,
  reachability: true,
  download: true,
  sweep: true,
  trust: true,
  issuer: true,
}

export function partialHost(given: Partial<Host>): Host {
  // The proxy answers for every port: with the one that was given, or by throwing.
  return new Proxy(given, {
    get(target, name) {
      const found = Reflect.get(target, name)
      if (found === undefined && Object.hasOwn(ports, name))
        throw new Error(`this host has no port "${String(name)}"`)
      return found
    },
  }) as Host
}
