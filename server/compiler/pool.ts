/**
 * The child processes that one revision of a site is compiled in. Each runs under Node's permission model: it may read the
 * staged site and Rekindle's own code, and nothing else. A child that takes too long or too much memory is killed and
 * replaced, and the request that did it gets the reason; the server goes on.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { type Answer, type Request, readAnswer } from './message.ts'

export interface PoolOptions {
  readonly timeoutMs: number
  readonly memoryMiB: number
  /** Most children at once; they are started as they are needed. */
  readonly workers: number
  /** A child without work for that long is ended, and its memory is had back. */
  readonly idleMs: number
}

/** Why a child ended without an answer. */
export interface Ended {
  readonly type: 'ended'
  readonly reason: 'timeout' | 'memory' | 'crash'
  /** Last lines that it wrote to its standard error. */
  readonly detail: string
}

export interface SandboxPool {
  /** Waits for a free child; the time limit counts from when that child begins. */
  ask(request: Request): Promise<Answer | Ended>
  /** Lets what was asked be answered, then ends the children. */
  close(): Promise<void>
}

/** Room for one child, which is started when it is first needed and again after it died. */
interface Slot {
  child: ChildProcess | undefined
  /** Ends the child; runs while the slot is free. */
  idle?: NodeJS.Timeout
}

const root = join(import.meta.dirname, '..', '..')
const ownCode = ['package.json', 'schemas', 'catalogs/api', 'catalogs/module', 'server/compiler'].map(
  (path) => join(root, path),
)
/** Each with all that it loads. */
const ownPackages = [
  'eta',
  'yaml',
  'jsonc-parser',
  'ajv',
  'fast-deep-equal',
  'fast-uri',
  'json-schema-traverse',
  'require-from-string',
].flatMap((name) => {
  const manifest = findPackageJSON(name, import.meta.url)
  return manifest === undefined ? [] : [dirname(manifest)]
})

/** Memory of a child beside its heap: Node itself, and what it allocates outside. */
const residentMarginMiB = 192
const memoryCheckMs = 20
/** For Node to start; a site's own time counts from when it is loaded. */
const startTimeoutMs = 30_000
/** Of what a child writes to its standard error. */
const keptDetail = 4_096

/** Starts a sandbox. Its environment is empty but for the time zone, which would otherwise be the machine's. */
export function forkSandbox(siteDir: string, memoryMiB: number, extra: readonly string[] = []): ChildProcess {
  const child = fork(join(import.meta.dirname, 'sandbox.ts'), [], {
    cwd: siteDir,
    env: { TZ: 'UTC' },
    execArgv: [
      '--permission',
      ...[siteDir, ...ownCode, ...ownPackages].map((path) => `--allow-fs-read=${path}`),
      `--max-old-space-size=${memoryMiB}`,
      '--no-warnings',
      ...extra,
    ],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  // Whoever waits for an answer listens too; without this a child that fails while idle would end the server.
  child.on('error', () => {})
  return child
}

export function openPool(siteDir: string, options: PoolOptions): SandboxPool {
  const free: Slot[] = Array.from({ length: options.workers }, () => ({ child: undefined }))
  const slots: readonly Slot[] = [...free]
  const waiting: ((slot: Slot) => void)[] = []
  const underWay = new Set<Promise<unknown>>()

  function take(): Slot | Promise<Slot> {
    // One with a child first: it is warm.
    const at = Math.max(
      0,
      free.findIndex(({ child }) => child !== undefined),
    )
    const [slot] = free.splice(at, 1)
    clearTimeout(slot?.idle)
    return slot ?? new Promise((resolve) => waiting.push(resolve))
  }
  function release(slot: Slot): void {
    const next = waiting.shift()
    if (next === undefined) rest(slot)
    else next(slot)
  }
  function rest(slot: Slot): void {
    free.push(slot)
    slot.idle = setTimeout(() => retire(slot), options.idleMs).unref()
  }
  function retire(slot: Slot): void {
    const { child } = slot
    // Forgotten first: whoever comes now starts another.
    slot.child = undefined
    if (child !== undefined) track(end(child))
  }
  async function run(request: Request): Promise<Answer | Ended> {
    const slot = await take()
    try {
      const wasWarm = slot.child !== undefined
      const answer = await askIn(slot, request)
      // A warm child may have died of something else than this request; a compile can be done again.
      return wasWarm && answer.type === 'ended' && answer.reason === 'crash'
        ? await askIn(slot, request)
        : answer
    } finally {
      release(slot)
    }
  }
  async function askIn(slot: Slot, request: Request): Promise<Answer | Ended> {
    if (slot.child === undefined) {
      const unloaded = await fill(slot, siteDir, options)
      if (unloaded !== undefined) return unloaded
    }
    return slot.child === undefined ? vanished : converse(slot.child, request, options)
  }
  function track<Result>(work: Promise<Result>): Promise<Result> {
    underWay.add(work)
    work.finally(() => underWay.delete(work)).catch(() => {})
    return work
  }
  return {
    ask: (request) => track(run(request)),
    async close() {
      await Promise.allSettled(underWay)
      for (const { idle } of slots) clearTimeout(idle)
      await Promise.all(slots.map(({ child }) => (child === undefined ? undefined : end(child))))
    },
  }
}

const vanished: Ended = {
  type: 'ended',
  reason: 'crash',
  detail: 'it was gone as soon as the site was loaded',
}

/** Starts a child in the slot and loads the site in it. Where that fails, gives why, and the slot stays empty. */
async function fill(slot: Slot, siteDir: string, options: PoolOptions): Promise<Answer | Ended | undefined> {
  const child = forkSandbox(siteDir, options.memoryMiB)
  const ready = await converse(child, undefined, { ...options, timeoutMs: startTimeoutMs })
  if (ready.type !== 'ready') return ready
  const loaded = await converse(child, { type: 'load', siteDir }, options)
  if (loaded.type !== 'loaded') {
    await end(child)
    return loaded
  }
  slot.child = child
  child.once('exit', () => {
    if (slot.child === child) slot.child = undefined
  })
  return undefined
}

/** Asks a child, or just listens to it, until it answers, ends, or is killed for what it takes. */
function converse(
  child: ChildProcess,
  request: Request | undefined,
  { timeoutMs, memoryMiB }: Pick<PoolOptions, 'timeoutMs' | 'memoryMiB'>,
): Promise<Answer | Ended> {
  return new Promise((resolve) => {
    let killedFor: Ended['reason'] | undefined
    let detail = ''
    const kill = (reason: Ended['reason']) => {
      killedFor ??= reason
      child.kill('SIGKILL')
    }
    const timer = setTimeout(() => kill('timeout'), timeoutMs)
    const watch = setInterval(() => {
      if (residentMiB(child.pid) > memoryMiB + residentMarginMiB) kill('memory')
    }, memoryCheckMs)
    const finish = (result: Answer | Ended) => {
      clearTimeout(timer)
      clearInterval(watch)
      child.off('message', onMessage).off('close', onClose).off('error', onError)
      child.stderr?.off('data', onText)
      resolve(result)
    }
    const onMessage = (message: unknown) => {
      try {
        finish(readAnswer(message))
      } catch (error) {
        detail += String(error)
        kill('crash')
      }
    }
    const onText = (text: Buffer) => {
      detail = `${detail}${text}`.slice(-keptDetail)
    }
    const onClose = () => {
      finish({ type: 'ended', reason: killedFor ?? (ranOutOfHeap(detail) ? 'memory' : 'crash'), detail })
    }
    const onError = (error: Error) => {
      detail += error.message
      // A child that could not be started closes nothing.
      if (child.pid === undefined) onClose()
    }
    child.on('message', onMessage).on('close', onClose).on('error', onError)
    child.stderr?.on('data', onText)
    if (child.exitCode !== null || child.signalCode !== null) onClose()
    else if (request !== undefined) child.send(request, (error) => error !== null && kill('crash'))
  })
}

function ranOutOfHeap(detail: string): boolean {
  return /heap out of memory|Reached heap limit/.test(detail)
}

/** Resident memory; 0 where the kernel does not tell. */
export function residentMiB(pid: number | undefined): number {
  try {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(kib ?? 0) / 1024
  } catch {
    return 0
  }
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}
