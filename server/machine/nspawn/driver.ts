/**
 * The `nspawn` machine driver: each machine is a systemd-nspawn container that boots a real systemd over an overlay of a
 * base image, in a network namespace and control groups of its own. All that it knows of a machine is in the machine's
 * folder, so a server that was killed finds its machines again, and they go on without it:
 *
 *   <dir>/<machine>/meta.json   host, address, the container's process
 *                  /up /work    the overlay's own layers; `up` is what a rebuild throws away
 *                  /root        where the overlay is mounted
 *                  /console     what the machine wrote to its console
 */
import { spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { RekindleError } from '../../../schemas/errors.ts'
import type { Machine, MachineDriver, MachineRequest } from '../driver.ts'
import { cgroupPids, makeCgroups, removeCgroups } from './cgroup.ts'
import { ensureBridge, makeNamespace, type Network, namespaceOf, removeNamespace } from './network.ts'
import { childrenOf, isAlive, nameProcess, type ProcessName } from './process.ts'
import { run, tryRun } from './run.ts'

export interface NspawnSettings extends Network {
  /** Root tree of the base image; several layers are joined by colons, the topmost first (as overlayfs has it). */
  readonly image: string
  /** Folder of the machines. */
  readonly dir: string
}

interface Meta {
  readonly machine: string
  readonly host: string
  readonly address: string
  /** The systemd-nspawn process; absent while it is not started. */
  readonly process?: ProcessName
}

/** SIGRTMIN+3 tells systemd to power off (systemd(1)); Node knows no name for it. */
const powerOff = 34 + 3
const bootTimeoutMs = 60_000
const stopTimeoutMs = 15_000
const evidenceLines = 200

export async function createNspawnDriver(settings: NspawnSettings): Promise<MachineDriver> {
  for (const layer of settings.image.split(':')) {
    if (!existsSync(layer))
      throw new RekindleError({
        code: 'image-missing',
        message: `Cannot make machines: there is no image at "${layer}"`,
      })
  }
  mkdirSync(settings.dir, { recursive: true })
  await ensureBridge(settings)
  const folder = (machine: string) => join(settings.dir, machine)
  /** One change of machines at a time: addresses are handed out by looking at the folders. */
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const result = turn.then(act, act)
    turn = result
    return result
  }

  async function create(request: MachineRequest): Promise<Machine> {
    const there = await status(request.machine)
    if (there?.state === 'running') return there
    await inTurn(async () => {
      await remove(request.machine)
      mkdirSync(folder(request.machine), { recursive: true, mode: 0o700 })
      const address = freeAddress(settings, readMetas(settings.dir))
      writeMeta(settings.dir, { machine: request.machine, host: request.host, address })
    })
    seed(folder(request.machine), request)
    return boot(request.machine)
  }

  async function boot(machine: string): Promise<Machine> {
    const meta = readMeta(settings.dir, machine)
    if (meta === undefined)
      throw new RekindleError({
        code: 'not-found',
        message: `Cannot start the machine "${machine}": there is none`,
      })
    await prepareRoot(machine, meta.address)
    const process = startContainer(folder(machine), meta)
    writeMeta(settings.dir, { ...meta, process })
    await waitForBoot(machine, folder(machine), process)
    return { machine, host: meta.host, address: meta.address, state: 'running' }
  }

  /**
   * Overlay and namespace, each exactly once: a driver that was killed can leave a `mount` behind that is still at work,
   * and lands on top of ours.
   */
  async function prepareRoot(machine: string, address: string): Promise<void> {
    const root = join(folder(machine), 'root')
    do {
      await clear(machine)
      await mountOverlay(settings.image, folder(machine))
      await makeNamespace(settings, machine, address)
    } while (mountsAt(root) !== 1)
  }

  /** Takes away what a machine that does not run holds of the host, and keeps its folder. */
  async function clear(machine: string): Promise<void> {
    await killAll(machine, readMeta(settings.dir, machine)?.process)
    await unmount(join(folder(machine), 'root'))
    await removeNamespace(settings, machine)
    removeCgroups(machine)
  }

  async function remove(machine: string): Promise<void> {
    await clear(machine)
    rmSync(folder(machine), { recursive: true, force: true })
  }

  async function status(machine: string): Promise<Machine | undefined> {
    const meta = readMeta(settings.dir, machine)
    if (meta === undefined)
      return existsSync(folder(machine))
        ? { machine, host: machine, state: 'stopped', address: '' }
        : undefined
    const state = meta.process !== undefined && isAlive(meta.process) ? 'running' : 'stopped'
    return { machine, host: meta.host, address: meta.address, state }
  }

  return {
    name: 'nspawn',
    canSurge: true,
    create,
    destroy: remove,
    status,
    async list() {
      const machines = await Promise.all(readdirSync(settings.dir).map(status))
      return machines.filter((machine) => machine !== undefined)
    },
    async start(machine) {
      const there = await status(machine)
      return there?.state === 'running' ? there : boot(machine)
    },
    async stop(machine) {
      const process = readMeta(settings.dir, machine)?.process
      if (process !== undefined && isAlive(process)) await powerDown(process)
      await clear(machine)
    },
    async evidence(machine) {
      const process = readMeta(settings.dir, machine)?.process
      const console = readTail(join(folder(machine), 'console'))
      if (process === undefined || !isAlive(process)) return console
      const leader = childrenOf(process.pid)[0]
      const journal = await tryRun([
        'nsenter',
        '-t',
        String(leader),
        '-a',
        'journalctl',
        '--no-pager',
        '-n',
        String(evidenceLines),
      ])
      return `${journal.stdout}${console}`
    },
    async close() {
      await turn.catch(() => {})
    },
  }
}

/** The machine's first process, seen from outside: for `nsenter -t PID -a`. */
export function leaderOf(dir: string, machine: string): number | undefined {
  const process = readMeta(dir, machine)?.process
  return process !== undefined && isAlive(process) ? childrenOf(process.pid)[0] : undefined
}

function freeAddress({ subnet }: Network, metas: readonly Meta[]): string {
  const taken = new Set(metas.map(({ address }) => address))
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
function seed(folder: string, { host, agentConfig }: MachineRequest): void {
  const put = (path: string, text: string, mode: number) => {
    const place = join(folder, 'up', path)
    mkdirSync(dirname(place), { recursive: true })
    writeFileSync(place, text, { mode })
  }
  mkdirSync(join(folder, 'work'), { recursive: true })
  mkdirSync(join(folder, 'root'), { recursive: true })
  put('etc/hostname', `${host}\n`, 0o644)
  put('etc/hosts', `127.0.0.1 localhost\n127.0.1.1 ${host}\n`, 0o644)
  // Empty: systemd makes one at the first boot, so that each incarnation has its own.
  put('etc/machine-id', '', 0o444)
  put('etc/rekindle/agent.json', `${JSON.stringify(agentConfig, null, 2)}\n`, 0o600)
}

async function mountOverlay(image: string, folder: string): Promise<void> {
  const options = `lowerdir=${image},upperdir=${join(folder, 'up')},workdir=${join(folder, 'work')}`
  await run(['mount', '-t', 'overlay', 'rekindle', '-o', options, join(folder, 'root')])
}

function mountsAt(root: string): number {
  return readFileSync('/proc/self/mountinfo', 'utf8').split(` ${root} `).length - 1
}

async function unmount(root: string): Promise<void> {
  // A process of the machine that is just ending can hold it for a moment.
  for (let tries = 0; mountsAt(root) > 0; tries++) {
    const { code, stderr } = await tryRun(['umount', root])
    if (code === 0) continue
    if (tries > 50)
      throw new RekindleError({
        code: 'machine-failed',
        message: `Cannot unmount "${root}": ${stderr.trim()}`,
      })
    await delay(100)
  }
}

/**
 * Starts the container so that it outlives this process: a session of its own, output to a file. The shell moves itself
 * into the machine's control groups and becomes systemd-nspawn; its arguments are data, not text of the script.
 */
function startContainer(folder: string, { machine, host }: Meta): ProcessName {
  const groups = makeCgroups(machine)
  const script =
    'n=$1; shift; while [ "$n" -gt 0 ]; do echo $$ > "$1/cgroup.procs"; shift; n=$((n-1)); done; exec "$@"'
  const container = [
    'systemd-nspawn',
    '--quiet',
    `--directory=${join(folder, 'root')}`,
    `--machine=${machine}`,
    `--hostname=${host}`,
    '--boot',
    '--register=no',
    '--keep-unit',
    `--network-namespace-path=/run/netns/${namespaceOf(machine)}`,
    '--console=pipe',
    '--resolv-conf=off',
    '--timezone=off',
    '--link-journal=no',
  ]
  const console = openSync(join(folder, 'console'), 'a')
  try {
    const child = spawn('/bin/sh', ['-c', script, 'launch', String(groups.length), ...groups, ...container], {
      detached: true,
      stdio: ['ignore', console, console],
    })
    child.unref()
    const process = child.pid === undefined ? undefined : nameProcess(child.pid)
    if (process === undefined)
      throw new RekindleError({ code: 'machine-failed', message: `Cannot start the machine "${machine}"` })
    return process
  } finally {
    closeSync(console)
  }
}

async function waitForBoot(machine: string, folder: string, process: ProcessName): Promise<void> {
  const deadline = Date.now() + bootTimeoutMs
  while (isAlive(process) && Date.now() < deadline) {
    const leader = childrenOf(process.pid)[0]
    if (leader !== undefined) {
      const { stdout } = await tryRun([
        'nsenter',
        '-t',
        String(leader),
        '-a',
        'systemctl',
        'is-system-running',
        '--wait',
      ])
      if (['running', 'degraded'].includes(stdout.trim())) return
    }
    await delay(20)
  }
  throw new RekindleError({
    code: 'machine-failed',
    message: `Cannot boot the machine "${machine}": ${isAlive(process) ? `not up after ${bootTimeoutMs / 1000} s` : 'it ended'}: ${readTail(join(folder, 'console')).trim().split('\n').slice(-5).join('; ')}`,
  })
}

async function powerDown(process: ProcessName): Promise<void> {
  const leader = childrenOf(process.pid)[0]
  if (leader !== undefined) sendSignal(leader, powerOff)
  const deadline = Date.now() + stopTimeoutMs
  while (isAlive(process) && Date.now() < deadline) await delay(20)
}

async function killAll(machine: string, process: ProcessName | undefined): Promise<void> {
  for (;;) {
    const pids = cgroupPids(machine)
    const living = [
      ...new Set([...pids, ...(process !== undefined && isAlive(process) ? [process.pid] : [])]),
    ]
      .map(nameProcess)
      .filter((name) => name !== undefined)
      .filter(isAlive)
    if (living.length === 0) return
    for (const { pid } of living) sendSignal(pid, 'SIGKILL')
    await delay(10)
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals | number): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended by itself.
  }
}

function readMetas(dir: string): readonly Meta[] {
  return readdirSync(dir)
    .map((machine) => readMeta(dir, machine))
    .filter((meta) => meta !== undefined)
}

function readMeta(dir: string, machine: string): Meta | undefined {
  const path = join(dir, machine, 'meta.json')
  // Written by this driver alone, and whole or not at all.
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Meta) : undefined
}

function writeMeta(dir: string, meta: Meta): void {
  const path = join(dir, meta.machine, 'meta.json')
  writeFileSync(`${path}.new`, `${JSON.stringify(meta)}\n`)
  renameSync(`${path}.new`, path)
}

function readTail(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(-evidenceLines).join('\n') : ''
}
