/** One wait for the disk in place of one for each file. */
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'

/** syncfs(2), which Node has no call for, once for each file system of the directories. @throws Error */
export function syncFileSystems(directories: readonly string[]): void {
  const byDevice = new Map(directories.map((directory) => [statSync(directory).dev, directory]))
  execFileSync('sync', ['--file-system', ...byDevice.values()], { stdio: 'pipe' })
}
