/** Starts, awaits, powers down and kills the systemd-nspawn process of one machine. */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { RekindleError } from '../../../schemas/errors.ts'
import { cgroupPids, makeCgroups } from './cgroup.ts'
import { readConsole } from './evidence.ts'
import { isAlive, leaderOfContainer, nameProcess, type ProcessName, pidsWithArgument } from './process.ts'
import { tryRun } from './run.ts'

export interface Container {
  /** Unique among all machines of this kernel: control groups, network namespace. */
  readonly kernelName: string
  readonly host: string
  /** Folder of the machine. */
  readonly folder: string
}

/** SIGRTMIN+3 tells systemd to power off (systemd(1)); Node knows no name for it. */
const powerOff = 34 + 3
const bootTimeoutMs = 60_000
const stopTimeoutMs = 15_000
const killTimeoutMs = 15_000

/** Arguments: how many control groups, the groups, then the program. They are data, and no text of the script. */
const launcher =
  'n=$1; shift; while [ "$n" -gt 0 ]; do echo $$ > "$1/cgroup.procs" || exit 1; shift; n=$((n-1)); done; exec "$@"'

/** Starts it so that it outlives this process: a session and control groups of its own, output to a file. */
export function startContainer({ kernelName, host, folder }: Container): ProcessName {
  const groups = makeCgroups(kernelName)
  const program = [
    'systemd-nspawn',
    '--quiet',
    rootArgument(folder),
    `--machine=${kernelName}`,
    `--hostname=${host}`,
    '--boot',
    '--register=no',
    '--keep-unit',
    `--network-namespace-path=/run/netns/${kernelName}`,
    '--console=pipe',
    '--resolv-conf=off',
    '--timezone=off',
    '--link-journal=no',
    // As nspawn itself grants it with --private-network: the namespace is the machine's own, and so is its packet filter.
    '--capability=CAP_NET_ADMIN',
  ]
  const console = openSync(join(folder, 'console'), 'a')
  try {
    const child = spawn('/bin/sh', ['-c', launcher, 'launch', String(groups.length), ...groups, ...program], {
      detached: true,
      stdio: ['ignore', console, console],
    })
    // What became of it is seen in /proc, as it is after a restart of this process.
    child.on('error', () => {})
    child.unref()
    const name = child.pid === undefined ? undefined : nameProcess(child.pid)
    if (name !== undefined) return name
    throw new RekindleError({ code: 'machine-failed', message: `Cannot start the machine "${kernelName}"` })
  } finally {
    closeSync(console)
  }
}

/** @throws RekindleError `machine-failed` with the end of its console, when it does not come up. */
export async function waitForBoot({ kernelName, folder }: Container, process: ProcessName): Promise<void> {
  const deadline = Date.now() + bootTimeoutMs
  while (isAlive(process) && Date.now() < deadline) {
    const leader = leaderOfContainer(process)
    if (leader !== undefined) {
      const ask = ['nsenter', '-t', String(leader), '-a', 'systemctl', 'is-system-running', '--wait']
      const { stdout } = await tryRun(ask)
      if (['running', 'degraded'].includes(stdout.trim())) return
    }
    await delay(20)
  }
  const why = isAlive(process) ? `it was not up after ${bootTimeoutMs / 1000} s` : 'it ended'
  const last = readConsole(folder).trim().split('\n').slice(-5).join('; ')
  throw new RekindleError({
    code: 'machine-failed',
    message: `Cannot boot the machine "${kernelName}": ${why}: ${last}`,
  })
}

/** Asks it to power off, and waits; what does not listen is left to killAll(). */
export async function powerDown(process: ProcessName): Promise<void> {
  const leader = leaderOfContainer(process)
  if (leader !== undefined) sendSignal(leader, powerOff)
  const deadline = Date.now() + stopTimeoutMs
  while (isAlive(process) && Date.now() < deadline) await delay(20)
}

/**
 * Ends everything in the machine's control groups, and whatever was started over its root: the launcher of a driver that
 * was killed may not have entered its groups yet, and would boot the machine behind our back.
 */
export async function killAll({ kernelName, folder }: Omit<Container, 'host'>): Promise<void> {
  const deadline = Date.now() + killTimeoutMs
  for (;;) {
    const living = [...cgroupPids(kernelName), ...pidsWithArgument(rootArgument(folder))]
      .map(nameProcess)
      .filter((name) => name !== undefined)
      .filter(isAlive)
    if (living.length === 0) return
    if (Date.now() > deadline) {
      throw new RekindleError({
        code: 'machine-failed',
        message: `Cannot end the machine "${kernelName}": processes ${living.map(({ pid }) => pid).join(', ')} do not die`,
      })
    }
    for (const { pid } of living) sendSignal(pid, 'SIGKILL')
    await delay(10)
  }
}

function rootArgument(folder: string): string {
  return `--directory=${join(folder, 'root')}`
}

function sendSignal(pid: number, signal: NodeJS.Signals | number): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended by itself.
  }
}
