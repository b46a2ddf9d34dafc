/**
 * The `nspawn` machine driver: each machine is a systemd-nspawn container that boots a real systemd over an overlay of a
 * base image, in a network namespace and control groups of its own. All that it knows of a machine is in the machine's
 * folder, so a server that was killed finds its machines again, and they go on without it:
 *
 *   <dir>/<machine>/meta.json   host, address, image, the container's process
 *                  /up /work    the overlay's own layers; `up` is what a rebuild throws away
 *                  /root        where the overlay is mounted
 *                  /console     what the machine wrote to its console
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { RekindleError } from '../../../schemas/errors.ts'
import type { Machine, MachineDriver, MachineRequest } from '../driver.ts'
import { checkMachineName } from '../name.ts'
import { createQueue } from '../queue.ts'
import { removeCgroups } from './cgroup.ts'
import { type Container, killAll, powerDown, startContainer, waitForBoot } from './container.ts'
import { readEvidence } from './evidence.ts'
import { listMetas, loadMeta, saveMeta } from './meta.ts'
import {
  ensureBridge,
  kernelName,
  makeNamespace,
  type Network,
  removeNamespace,
  serverAddress,
} from './network.ts'
import { mountOverlay, mountsAt, unmountOverlay } from './overlay.ts'
import { isAlive, leaderOfContainer } from './process.ts'

export interface NspawnSettings extends Network {
  /** Root tree of the base image; several layers are joined by colons, the topmost first (as overlayfs has it). */
  readonly image: string
  /** Folder of the machines. */
  readonly dir: string
}

export async function createNspawnDriver(settings: NspawnSettings): Promise<MachineDriver> {
  refuseMissing(settings.image)
  mkdirSync(settings.dir, { recursive: true })
  await ensureBridge(settings)
  const { dir } = settings
  const folder = (machine: string) => join(dir, machine)
  const queue = createQueue()
  /** Acts on one machine come one after another. */
  const onMachine = <T>(machine: string, act: () => Promise<T>) => queue(checkMachineName(machine), act)

  async function create(request: MachineRequest): Promise<Machine> {
    const { machine, host } = request
    const there = status(machine)
    if (there?.state === 'running') return there
    await remove(machine)
    // Addresses are handed out by looking at the folders.
    await queue('address', async () => {
      mkdirSync(folder(machine), { recursive: true, mode: 0o700 })
      saveMeta(dir, { machine, host, address: freeAddress(settings), image: settings.image })
    })
    seed(folder(machine), request, serverAddress(settings))
    return boot(machine)
  }

  async function boot(machine: string): Promise<Machine> {
    const meta = loadMeta(dir, machine)
    if (meta === undefined) {
      throw new RekindleError({
        code: 'not-found',
        message: `Cannot start the machine "${machine}": there is none`,
      })
    }
    refuseMissing(meta.image)
    const container: Container = {
      kernelName: kernelName(settings, machine),
      host: meta.host,
      folder: folder(machine),
    }
    // Each exactly once: a driver that was killed can leave a `mount` at work, which lands on top of ours.
    do {
      await release(machine)
      await mountOverlay(meta.image, folder(machine))
      await makeNamespace(settings, machine, meta.address)
    } while (mountsAt(folder(machine)) !== 1)
    const process = startContainer(container)
    saveMeta(dir, { ...meta, process })
    await waitForBoot(container, process)
    return { machine, host: meta.host, address: meta.address, state: 'running' }
  }

  /** Takes away what the machine holds of this kernel, and keeps its folder. */
  async function release(machine: string): Promise<void> {
    const name = kernelName(settings, machine)
    await killAll({ kernelName: name, folder: folder(machine) })
    await unmountOverlay(folder(machine))
    await removeNamespace(settings, machine)
    removeCgroups(name)
  }

  async function remove(machine: string): Promise<void> {
    await release(machine)
    rmSync(folder(machine), { recursive: true, force: true })
  }

  function status(machine: string): Machine | undefined {
    const meta = loadMeta(dir, machine)
    if (meta !== undefined) {
      const state = meta.process !== undefined && isAlive(meta.process) ? 'running' : 'stopped'
      return { machine, host: meta.host, address: meta.address, state }
    }
    // A folder without its meta is what a killed driver left of a machine.
    return existsSync(folder(machine)) ? { machine, host: machine, state: 'stopped', address: '' } : undefined
  }

  return {
    name: 'nspawn',
    canSurge: true,
    create: (request) => onMachine(request.machine, () => create(request)),
    destroy: (machine) => onMachine(machine, () => remove(machine)),
    status: async (machine) => status(checkMachineName(machine)),
    list: async () =>
      readdirSync(dir)
        .map(status)
        .filter((machine) => machine !== undefined),
    start: (machine) =>
      onMachine(machine, async () => {
        const there = status(machine)
        return there?.state === 'running' ? there : boot(machine)
      }),
    stop: (machine) =>
      onMachine(machine, async () => {
        const process = loadMeta(dir, machine)?.process
        if (process !== undefined && isAlive(process)) await powerDown(process)
        await release(machine)
      }),
    evidence: (machine) => readEvidence(folder(checkMachineName(machine))),
    close: () => queue.idle(),
  }
}

/** The machine's first process, seen from outside: for `nsenter -t PID -a`. */
export function leaderOf(dir: string, machine: string): number | undefined {
  const process = loadMeta(dir, checkMachineName(machine))?.process
  return process === undefined ? undefined : leaderOfContainer(process)
}

function refuseMissing(image: string): void {
  const missing = image.split(':').find((layer) => !existsSync(layer))
  if (missing === undefined) return
  throw new RekindleError({
    code: 'image-missing',
    message: `Cannot make machines: there is no image at "${missing}"`,
  })
}

function freeAddress({ dir, subnet }: NspawnSettings): string {
  const taken = new Set(listMetas(dir).map(({ address }) => address))
  for (let last = 10; last < 255; last++) {
    const address = `${subnet}.${last}`
    if (!taken.has(address)) return address
  }
  throw new RekindleError({
    code: 'machine-failed',
    message: `Cannot make a machine: all addresses of ${subnet}.0/24 are taken`,
  })
}

/** What the machine must know at its first boot, in the layer of its own. */
function seed(folder: string, { host, agentConfig }: MachineRequest, server: string): void {
  const put = (path: string, text: string, mode: number) => {
    const place = join(folder, 'up', path)
    mkdirSync(dirname(place), { recursive: true })
    writeFileSync(place, text, { mode })
  }
  put('etc/hostname', `${host}\n`, 0o644)
  put('etc/hosts', `127.0.0.1 localhost\n127.0.1.1 ${host}\n${server} rekindle-server\n`, 0o644)
  // Empty: systemd makes one at the first boot, so that each incarnation has its own.
  put('etc/machine-id', '', 0o444)
  put('etc/rekindle/agent.json', `${JSON.stringify(agentConfig, null, 2)}\n`, 0o600)
}
