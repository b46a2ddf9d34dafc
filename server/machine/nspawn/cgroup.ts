/**
 * A control group of its own for each machine. With --keep-unit, systemd-nspawn makes `payload` and `supervisor` in the
 * group that it is started in, and two machines in one group would end each other's services. On a host with pure
 * cgroup v2 that is one folder; in hybrid mode one in the name=systemd hierarchy and one in the unified one.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

const top = '/sys/fs/cgroup'
const room = 'rekindle'

export function cgroupFolders(name: string): readonly string[] {
  const roots = existsSync(join(top, 'cgroup.controllers'))
    ? [top]
    : ['systemd', 'unified'].map((name) => join(top, name)).filter(existsSync)
  return roots.map((root) => join(root, room, name))
}

export function makeCgroups(name: string): readonly string[] {
  const folders = cgroupFolders(name)
  for (const folder of folders) mkdirSync(folder, { recursive: true })
  return folders
}

/** Pids of everything that runs in the machine's groups. */
export function cgroupPids(name: string): readonly number[] {
  return [...new Set(cgroupFolders(name).flatMap(pidsIn))]
}

/** Removes the groups; they have to be empty of processes. */
export function removeCgroups(name: string): void {
  for (const folder of cgroupFolders(name)) {
    removeTree(folder)
    // The room of all machines goes with the last of them.
    if (existsSync(dirname(folder)) && subfolders(dirname(folder)).length === 0) removeTree(dirname(folder))
  }
}

function pidsIn(folder: string): readonly number[] {
  try {
    const own = readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number)
    return [...own, ...subfolders(folder).flatMap(pidsIn)]
  } catch {
    // Groups vanish while a machine goes down.
    return []
  }
}

function removeTree(folder: string): void {
  if (!existsSync(folder)) return
  for (const child of subfolders(folder)) removeTree(child)
  rmdirSync(folder)
}

function subfolders(folder: string): readonly string[] {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
}
