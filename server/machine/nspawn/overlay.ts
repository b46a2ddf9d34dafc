/** Mounts overlays, and takes them away for sure. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { RekindleError } from '../../../schemas/errors.ts'
import { run, tryRun } from './run.ts'

const triesToUnmount = 50

/** Mounts `<folder>/root` from the layers in `image` and the folder's own `up` and `work`. Gives the root. */
export async function mountOverlay(image: string, folder: string): Promise<string> {
  const root = join(folder, 'root')
  for (const name of ['up', 'work', 'root']) mkdirSync(join(folder, name), { recursive: true })
  const options = `lowerdir=${image},upperdir=${join(folder, 'up')},workdir=${join(folder, 'work')}`
  await run(['mount', '-t', 'overlay', 'rekindle', '-o', options, root])
  return root
}

/** Takes away every mount at the root of that folder. A process that is just ending can hold one for a moment. */
export async function unmountOverlay(folder: string): Promise<void> {
  const root = join(folder, 'root')
  for (let tries = 0; mountsAt(folder) > 0; tries++) {
    const { code, stderr } = await tryRun(['umount', root])
    if (code === 0) continue
    if (tries > triesToUnmount) {
      throw new RekindleError({
        code: 'machine-failed',
        message: `Cannot unmount "${root}": ${stderr.trim()}`,
      })
    }
    await delay(100)
  }
}

/** How many mounts are stacked at the root of that folder. */
export function mountsAt(folder: string): number {
  return readFileSync('/proc/self/mountinfo', 'utf8').split(` ${join(folder, 'root')} `).length - 1
}
