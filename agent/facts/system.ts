/** What /etc, /run and /sys tell of how the system is set up. */
import type { Facts } from '../../schemas/generated/types.ts'
import type { FactFiles } from './files.ts'

export function dmiFacts({ line }: Pick<FactFiles, 'line'>): Facts['dmi'] {
  const read = (name: string) => line(`sys/class/dmi/id/${name}`)
  return {
    manufacturer: read('sys_vendor'),
    product: read('product_name'),
    serial: read('product_serial'),
    uuid: read('product_uuid').toLowerCase(),
  }
}

/** As timedatectl finds it: where /etc/localtime leads; without it UTC. */
export function timezoneFact({ link, line }: Pick<FactFiles, 'link' | 'line'>): string {
  const fromLink = /\/zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(link('etc/localtime'))?.[1]
  return fromLink ?? (line('etc/timezone') || 'UTC')
}

export function initFact({ exists, line }: Pick<FactFiles, 'exists' | 'line'>): string {
  if (exists('run/systemd/system')) return 'systemd'
  return exists('run/openrc') ? 'openrc' : line('proc/1/comm')
}

export function securityFacts({ line }: Pick<FactFiles, 'line'>): Facts['security'] {
  const enforce = line('sys/fs/selinux/enforce')
  return {
    selinux: enforce === '' ? 'disabled' : enforce === '1' ? 'enforcing' : 'permissive',
    apparmor: line('sys/module/apparmor/parameters/enabled') === 'Y',
  }
}

export function sshFacts({ list, line }: Pick<FactFiles, 'list' | 'line'>): Facts['ssh'] {
  const keys = list('etc/ssh').filter((name) => /^ssh_host_.+_key\.pub$/.test(name))
  const hostKeys = keys.flatMap((name) => {
    const [type, key] = line(`etc/ssh/${name}`).split(/\s+/)
    return type === undefined || key === undefined ? [] : [[type, key] as const]
  })
  return { hostKeys: Object.fromEntries(hostKeys) }
}

/** By a file that only this manager has; the first that is there. */
const managers: readonly (readonly [path: string, name: string])[] = [
  ['var/lib/dpkg/status', 'apt'],
  ['usr/bin/dnf', 'dnf'],
  ['usr/bin/zypper', 'zypper'],
  ['lib/apk/db/installed', 'apk'],
  ['usr/bin/pacman', 'pacman'],
  ['usr/bin/rpm', 'rpm'],
]

export function packageManagerFact({ exists }: Pick<FactFiles, 'exists'>): string {
  return managers.find(([path]) => exists(path))?.[1] ?? ''
}
