/** Pure: which of the mounted file systems are worth a fact. Containers' and the kernel's own would change all the time. */
import type { Facts, Vitals } from '../../schemas/generated/types.ts'
import { isBelow, type Mounted, parseMountTable } from '../host/mount-table.ts'
import type { FactFiles } from './files.ts'

/** Asking one of these for its size may take for ever. */
const ofNetwork = new Set(['nfs', 'nfs4', 'cifs', 'smb3', 'ceph', 'glusterfs', 'afs', '9p', 'virtiofs'])
/** Below these, others mount and unmount. */
const ofOthers = [
  '/dev',
  '/proc',
  '/run',
  '/sys',
  '/var/lib/containers',
  '/var/lib/docker',
  '/var/lib/kubelet',
]

type SpaceOf = FactFiles['space']

/** @param mountinfo text of /proc/self/mountinfo */
export function mountFacts(mountinfo: string, space: SpaceOf): Facts['mounts'] {
  return Object.fromEntries(
    [...mountsIn(mountinfo)].map(([path, mounted]) => [
      path,
      {
        device: mounted.source,
        type: mounted.fstype,
        sizeMiB: isAsked(mounted) ? space(path).sizeMiB : 0,
      },
    ]),
  )
}

/** Free space of those that have a size. */
export function mountVitals(mountinfo: string, space: SpaceOf): Vitals['mounts'] {
  const asked = [...mountsIn(mountinfo)].filter(([, mounted]) => isAsked(mounted))
  return Object.fromEntries(asked.map(([path]) => [path, { freeMiB: space(path).freeMiB }]))
}

/** By path, sorted; of several mounted over each other the one that is seen. */
function mountsIn(mountinfo: string): ReadonlyMap<string, Mounted> {
  const seen = new Map(parseMountTable(mountinfo).map((mounted) => [mounted.path, mounted]))
  return new Map(
    [...seen].filter(([, mounted]) => isWorthAFact(mounted)).sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

function isWorthAFact({ path, root, source, fstype }: Mounted): boolean {
  if (path === '/') return true
  if (ofOthers.some((dir) => path !== dir && isBelow(path, dir))) return false
  if (ofNetwork.has(fstype) || fstype === 'zfs') return true
  const isBind = root !== '/' && fstype !== 'btrfs'
  const isFuse = fstype.startsWith('fuse') && fstype !== 'fuseblk'
  return source.startsWith('/dev/') && !source.startsWith('/dev/loop') && !isBind && !isFuse
}

function isAsked({ fstype }: Mounted): boolean {
  return !ofNetwork.has(fstype) && fstype !== 'zfs'
}
