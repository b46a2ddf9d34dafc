/** The agent as a daemon: enrols, then runs at the poll, at the server's word, and when what it manages moves. */
import { setTimeout as delay } from 'node:timers/promises'
import { errorShape, RekindleError } from '../../schemas/errors.ts'
import type { Config } from '../config.ts'
import type { OnRunEvent } from '../engine/event.ts'
import type { Prepared } from '../engine/prepare.ts'
import { backoffMs } from '../link/backoff.ts'
import { type Client, createClient } from '../link/client.ts'
import type { Identity } from '../link/identity.ts'
import { openSocket, type Socket } from '../link/socket.ts'
import { ensureIdentity, renewIfDue } from './enrolment.ts'
import { acquireLock } from './lock.ts'
import type { Log } from './log.ts'
import { createLoop, type Loop } from './loop.ts'
import type { RunRequest } from './request.ts'
import type { Runner, RunResult } from './run.ts'
import { assertEnabled } from './state.ts'

/** Tells when something in a set of paths may have changed. */
export interface PathWatch {
  /** Watches these from now on, and no others. */
  set(paths: readonly string[]): void
  close(): void
}

export interface DaemonPorts {
  readonly config: Config
  readonly log: Log
  readonly createRunner: (identity: Identity, client: () => Client) => Runner
  readonly createWatch: (onEvent: () => void) => PathWatch
  /** Whether this incarnation has converged before. */
  readonly hasConverged: () => boolean
}

const enrolBackoff = { baseMs: 1000, maxMs: 300_000 }
const progressEveryMs = 200

/** Runs until `signal` aborts; then finishes the resource at hand, tells the report, and resolves. */
export async function runDaemon(ports: DaemonPorts, signal: AbortSignal): Promise<void> {
  const { config, log } = ports
  const first = await enrolPatiently(config, log, signal)
  if (first === undefined) return
  const link = openLink(config, first)
  const runner = ports.createRunner(first, () => link.client)
  const watch = ports.createWatch(() => loop.hint())
  let hasBegun = false

  async function run(request: RunRequest, stop: AbortSignal): Promise<RunResult | undefined> {
    try {
      if (request.trigger !== 'watch') await link.renew(log)
      const result = await runAlone(config.stateDir, runner, { request, signal: stop, onEvent: link.onEvent })
      watch.set(watchedPaths(runner.current()))
      const { status, trigger, counts } = result.report
      if (result.isReported)
        log.info('run', { trigger, status, ...counts, durationMs: Math.round(result.durationMs) })
      return result
    } catch (error) {
      log.warn('run-refused', { trigger: request.trigger, error: errorShape(error) })
      return undefined
    }
  }

  const loop: Loop = createLoop({
    run,
    interval: { pollMs: config.pollSeconds * 1000, splayMs: config.splaySeconds * 1000 },
    random: Math.random,
    now: () => performance.now(),
    later: callLater,
  })
  const begin = () => {
    hasBegun = true
    loop.request({ trigger: ports.hasConverged() ? 'poll' : 'first', noop: false })
  }
  // The first run waits for the line, and every new line brings a run: what the server pushed before it was up is lost.
  link.connect({
    onRun: loop.request,
    onUp: begin,
    onDown(reason) {
      log.warn('socket-down', { reason })
      if (!hasBegun) begin()
    },
  })
  await aborted(signal)
  await loop.stop()
  watch.close()
  link.close()
}

/** One run that no other process on this host does at the same time. Waits for one that is under way. */
async function runAlone(
  stateDir: string,
  runner: Runner,
  { request, signal, onEvent }: { request: RunRequest; signal: AbortSignal; onEvent: OnRunEvent },
): Promise<RunResult> {
  assertEnabled(stateDir)
  const lock = await acquireLock(`${stateDir}/lock`, { waitMs: Number.POSITIVE_INFINITY, signal })
  try {
    // It may have been disabled while this run waited.
    assertEnabled(stateDir)
    return await runner.run(request, { signal, onEvent })
  } finally {
    lock.release()
  }
}

interface LinkEvents {
  readonly onRun: (request: RunRequest) => void
  readonly onUp: () => void
  readonly onDown: (reason: string) => void
}

/** Client and socket of the present certificate; a renewal replaces both. */
function openLink(config: Config, first: Identity) {
  let identity = first
  let client = createClient({ server: config.server, identity })
  let socket: Socket | undefined
  let events: LinkEvents | undefined
  let lastProgressAt = 0

  function connect(to: LinkEvents): void {
    events = to
    const { onUp, onDown } = to
    socket = openSocket({
      server: config.server,
      identity,
      onUp,
      onDown,
      onMessage: ({ trigger, runId, noop = false }) => to.onRun({ trigger, runId, noop }),
    })
  }

  return {
    get client() {
      return client
    },
    connect,
    onEvent: ((event) => {
      if (event.type !== 'resource-started' || performance.now() - lastProgressAt < progressEveryMs) return
      lastProgressAt = performance.now()
      socket?.send({ type: 'progress', done: event.done, total: event.total, resource: event.id })
    }) satisfies OnRunEvent,
    /** A certificate that cannot be renewed now is good for the other half of its life. */
    async renew(log: Log): Promise<void> {
      const renewed = await renewIfDue(config, identity, Date.now()).catch((error: unknown) => {
        log.warn('renewal-failed', { error: errorShape(error) })
        return identity
      })
      if (renewed === identity) return
      identity = renewed
      client.close()
      client = createClient({ server: config.server, identity })
      socket?.close()
      if (events !== undefined) connect(events)
      log.info('certificate-renewed')
    },
    close(): void {
      socket?.close()
      client.close()
    },
  }
}

/** Tries until it has an identity: a server that is not up yet, or a token that a person corrects. */
async function enrolPatiently(config: Config, log: Log, signal: AbortSignal): Promise<Identity | undefined> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      return await ensureIdentity(config)
    } catch (error) {
      const isPassing = error instanceof RekindleError && error.code === 'server-unreachable'
      log[isPassing ? 'warn' : 'error']('enrolment-failed', { attempt, error: errorShape(error) })
    }
    await delay(backoffMs(attempt, Math.random(), enrolBackoff), undefined, { signal }).catch(() => {})
  }
  return undefined
}

function watchedPaths(prepared: Prepared | undefined): readonly string[] {
  const all = prepared?.items.flatMap(({ type, wanted }) => type.watch?.(wanted) ?? []) ?? []
  return [...new Set(all)]
}

function callLater(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms)
  return () => clearTimeout(timer)
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
