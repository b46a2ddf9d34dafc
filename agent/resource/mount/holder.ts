/** Who keeps a mount busy, from /proc: fuser and lsof are not on every host. */
import type { Host } from '../../host/host.ts'
import { isBelow, type Mounted } from '../../host/mount-table.ts'

const shownAtMost = 8

/** As in `nginx (pid 12)`, and mounts that stand inside, as in `the mount "/srv/a"`. */
export function holdersOf(
  { files, kernel }: Pick<Host, 'files' | 'kernel'>,
  table: readonly Mounted[],
  path: string,
): readonly string[] {
  const inside = table.filter((mounted) => mounted.path !== path && isBelow(mounted.path, path))
  const links = (pid: string) => [
    ...['cwd', 'root', 'exe'].map((name) => `/proc/${pid}/${name}`),
    ...listed(files, `/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`),
  ]
  const pids = files
    .list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => links(pid).some((link) => isBelow(target(files, link), path)))
  const processes = pids.map(
    (pid) => `${kernel.read(`/proc/${pid}/comm`)?.trimEnd() ?? 'a process'} (pid ${pid})`,
  )
  return [...inside.map((mounted) => `the mount "${mounted.path}"`), ...processes].slice(0, shownAtMost)
}

/** A process may end while it is looked at, and its files may be another's business. */
function listed(files: Host['files'], path: string): readonly string[] {
  try {
    return files.list(path)
  } catch {
    return []
  }
}

function target(files: Host['files'], link: string): string {
  try {
    return files.readLink(link)
  } catch {
    return ''
  }
}
