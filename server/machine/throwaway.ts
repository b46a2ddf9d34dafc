/**
 * Throwaway hosts: each boots from the base image for one use, and is destroyed after it whatever happens. The agent is in
 * it, its daemon is stopped, and no server knows it. What a killed process left is destroyed at the next start: a machine's
 * name says whose it is.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RekindleError } from '../../schemas/errors.ts'
import type { NspawnSettings } from '../../schemas/generated/types.ts'
import type { MachineDriver } from './driver.ts'
import { createNspawnDriver } from './nspawn/driver.ts'
import { enterMachine } from './nspawn/enter.ts'
import { removeBridge } from './nspawn/network.ts'
import { isAlive, nameProcess, type ProcessName } from './nspawn/process.ts'
import type { Ran } from './nspawn/run.ts'

export interface ThrowawayHost {
  /** IPv4. */
  readonly address: string
  /** Runs a command in it, as root. */
  run(argv: readonly string[]): Promise<Ran>
  /** Writes files, by name, into a new folder of the host and gives its path. Before anything of a site has run there. */
  put(files: ReadonlyMap<string, string | Uint8Array>): string
  /** Powers it off and boots it again. */
  reboot(): Promise<void>
}

export interface ThrowawayHosts {
  /**
   * Boots a host of that name, and destroys it when `use` ends.
   *
   * @throws what `use` throws; the signal's reason when that was aborted
   */
  withHost<Result>(name: string, use: (host: ThrowawayHost) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

const prefix = 'throwaway'
const place = 'var/lib/rekindle-throwaway'

/** @param signal aborted: the host at hand is destroyed at once */
export async function openThrowawayHosts(
  settings: NspawnSettings,
  signal: AbortSignal,
): Promise<ThrowawayHosts> {
  const hadBridge = existsSync(`/sys/class/net/${settings.bridge}`)
  const driver = await createNspawnDriver(settings)
  const close = async () => {
    await driver.close()
    if (!hadBridge) await removeBridge(settings)
  }
  try {
    await sweep(driver, settings)
  } catch (error) {
    await close()
    throw error
  }
  const owner = nameProcess(process.pid)
  let made = 0

  async function withHost<Result>(
    name: string,
    use: (host: ThrowawayHost) => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted()
    const machine = `${prefix}-${owner?.pid}-${owner?.startTicks}-${++made}`
    // Ends what runs in it, and so what waits for that. What fails here fails again below.
    const destroy = () => void driver.destroy(machine).catch(() => {})
    signal.addEventListener('abort', destroy, { once: true })
    try {
      const host = await boot(driver, settings, { machine, name })
      return await use(host)
    } catch (error) {
      // What fails in a host that is being destroyed says nothing.
      signal.throwIfAborted()
      throw error
    } finally {
      signal.removeEventListener('abort', destroy)
      await driver.destroy(machine)
    }
  }
  return { withHost, close }
}

async function boot(
  driver: MachineDriver,
  { dir }: NspawnSettings,
  { machine, name }: { readonly machine: string; readonly name: string },
): Promise<ThrowawayHost> {
  // No agent asks this server: the daemon is stopped before it could be of use.
  const agentConfig = { server: 'https://192.0.2.1:8140', caFingerprint: '0'.repeat(64), token: 'none' }
  const { address } = await driver.create({ machine, host: name, agentConfig })
  const run = (argv: readonly string[]) => enterMachine(dir, machine, argv)
  const { code, stderr } = await run(['systemctl', 'disable', '--now', '--quiet', 'rekindle-agent'])
  if (code !== 0) {
    throw new RekindleError({
      code: 'machine-failed',
      message: `Cannot stop the agent's daemon in the machine "${machine}": ${stderr.trim()}`,
      hint: 'The image needs the agent’s package',
    })
  }
  return {
    address,
    run,
    put(files) {
      // From outside: only the image's own software ran so far, so that no link leads anywhere else.
      const folder = join(dir, machine, 'root', place)
      mkdirSync(folder, { mode: 0o700 })
      for (const [file, bytes] of files) writeFileSync(join(folder, file), bytes, { mode: 0o600 })
      return `/${place}`
    },
    async reboot() {
      await driver.stop(machine)
      await driver.start(machine)
    },
  }
}

/** @throws RekindleError `conflict` when the folder is a server's, or another process uses it */
async function sweep(driver: MachineDriver, { dir }: NspawnSettings): Promise<void> {
  for (const { machine } of await driver.list()) {
    const owner = ownerOf(machine)
    if (owner === undefined) throw taken(dir, `the machine "${machine}" is no throwaway host`)
    if (isAlive(owner)) throw taken(dir, `process ${owner.pid} uses it`)
    await driver.destroy(machine)
  }
}

function ownerOf(machine: string): ProcessName | undefined {
  const [, pid, startTicks] = new RegExp(`^${prefix}-(\\d+)-(\\d+)-\\d+$`).exec(machine) ?? []
  return pid === undefined || startTicks === undefined ? undefined : { pid: Number(pid), startTicks }
}

function taken(dir: string, why: string): RekindleError {
  return new RekindleError({
    code: 'conflict',
    message: `Cannot make throwaway hosts in "${dir}": ${why}`,
    kept: 'all machines there',
    hint: 'Give them a folder of their own: `dir` in the file of --machines',
  })
}
