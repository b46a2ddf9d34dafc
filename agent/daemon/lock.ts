/**
 * One run at a time on a host. A lock file names its owner by pid, start time and boot id, so it never outlives the
 * owner, however that ended (decision 0003). It appears whole, by link(2).
 *
 * A dead owner's lock is taken over in two steps, so that of several that try one wins: first get a claim, a lock named
 * after that dead owner; then, if the lock still names it, rename one's own file over it. A claim whose owner died is
 * taken over in the same way.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { hasCode, RekindleError } from '../../schemas/errors.ts'
import { sha256 } from '../../schemas/hash.ts'

export interface Lock {
  release(): void
}

export interface LockOptions {
  /** How long to wait for a run that is under way. 0: not at all. */
  readonly waitMs?: number
  readonly signal?: AbortSignal | undefined
}

const lookAgainMs = 200

/** @throws RekindleError `run-locked` when another process holds it for longer than `waitMs` */
export async function acquireLock(path: string, { waitMs = 0, signal }: LockOptions = {}): Promise<Lock> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const deadline = performance.now() + waitMs
  for (;;) {
    const holder = tryLock(path)
    if (holder === undefined) return { release: () => releaseLock(path) }
    if (performance.now() >= deadline || signal?.aborted === true) throw locked(holder)
    await delay(lookAgainMs, undefined, signal === undefined ? {} : { signal }).catch(() => {})
  }
}

/** Takes the lock, or gives the text of the living owner's. */
function tryLock(path: string): string | undefined {
  const own = `${path}.${process.pid}.new`
  writeFileSync(own, JSON.stringify(identify(process.pid)), { mode: 0o600 })
  try {
    return claim(path, own)
  } finally {
    rmSync(own, { force: true })
  }
}

function claim(path: string, own: string): string | undefined {
  for (;;) {
    if (link(own, path)) return undefined
    const holder = readLock(path)
    if (holder === undefined) continue
    if (isAlive(holder)) return holder
    const claimPath = `${path}.${sha256(holder).slice(0, 16)}`
    const other = claim(claimPath, own)
    if (other !== undefined) return other
    try {
      if (readLock(path) !== holder) continue
      // rename(2) does nothing when both names are one file, so the copy must be a file of its own.
      const copy = `${own}.copy`
      writeFileSync(copy, readFileSync(own), { mode: 0o600 })
      renameSync(copy, path)
      return undefined
    } finally {
      unlinkSync(claimPath)
    }
  }
}

function releaseLock(path: string): void {
  if (readLock(path) === JSON.stringify(identify(process.pid))) unlinkSync(path)
}

interface Owner {
  readonly pid: number
  /** Clock ticks after boot; with the boot id it tells a process from a later one with its pid. */
  readonly startTime: string
  readonly bootId: string
}

function identify(pid: number): Owner | undefined {
  const stat = readLock(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // proc(5): the second field is the program's name in parentheses and may hold anything; 22 is starttime, 3 the state.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined
  return {
    pid,
    startTime: fields[19] ?? '',
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  }
}

/** Whether the process that wrote a lock still runs; a lock that nobody can have written has no owner. */
function isAlive(holder: string): boolean {
  const pid = pidIn(holder)
  return pid !== undefined && JSON.stringify(identify(pid)) === holder
}

function pidIn(holder: string): number | undefined {
  const pid = /^\{"pid":(\d+),/.exec(holder)?.[1]
  return pid === undefined ? undefined : Number(pid)
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return undefined
    throw error
  }
}

function locked(holder: string): RekindleError {
  return new RekindleError({
    code: 'run-locked',
    message: `Cannot run: another run is in progress (pid ${pidIn(holder)})`,
    kept: 'everything; nothing was changed',
    hint: 'Wait for it, or use --wait-for-lock SECONDS',
  })
}
