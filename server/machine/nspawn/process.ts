/** Finds out about processes from /proc: alive, since when, whose child. Parsers are pure. */
import { readdirSync, readFileSync } from 'node:fs'

/** Names one process for ever: a pid alone is used again. */
export interface ProcessName {
  readonly pid: number
  /** Clock ticks after boot; field 22 of proc_pid_stat(5). */
  readonly startTicks: string
}

/** State letter and start time. The command stands in parentheses and may hold any character. */
export function parseStat(stat: string): { state: string; startTicks: string } {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0] ?? '', startTicks: fields[19] ?? '' }
}

export function nameProcess(pid: number): ProcessName | undefined {
  const stat = readStat(pid)
  return stat === undefined ? undefined : { pid, startTicks: stat.startTicks }
}

/** The first process of the container that systemd-nspawn `container` runs: pid 1 in a pid namespace below ours. */
export function leaderOfContainer(container: ProcessName): number | undefined {
  return isAlive(container)
    ? childrenOf(container.pid).find((pid) => isFirstProcess(readStatus(pid)))
    : undefined
}

/** Whether a proc_pid_status(5) is of a process that is number 1 in a pid namespace below the reader's. */
export function isFirstProcess(status: string): boolean {
  return /^NSpid:\t\d+(?:\t\d+)*\t1$/m.test(status)
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    // It has ended.
    return ''
  }
}

/** Processes that have exactly this argument on their command line. */
export function pidsWithArgument(argument: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => readArguments(pid).includes(argument))
}

function readArguments(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    // It has ended.
    return []
  }
}

/** A zombie is not alive: an orphan can stay one for seconds, and `kill -0` would not tell. */
export function isAlive({ pid, startTicks }: ProcessName): boolean {
  const stat = readStat(pid)
  return stat !== undefined && stat.startTicks === startTicks && stat.state !== 'Z' && stat.state !== 'X'
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    // It has ended.
    return []
  }
}

function readStat(pid: number): { state: string; startTicks: string } | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    // It has ended.
    return undefined
  }
}
