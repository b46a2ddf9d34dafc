/**
 * The loop that moves rebuilds on. It loads what is open, does the next step of each, stores how it ended, and looks
 * again; woken by events, and by a slow timer as the net. It holds no state that matters: kill it anywhere, and the next
 * one goes on from the database. Steps of one rebuild never overlap; different rebuilds go on side by side.
 */
import { errorShape, RekindleError } from '../../schemas/errors.ts'
import type { Report } from '../../schemas/generated/types.ts'
import { listOpenRebuilds, openRebuildOf } from '../store/rebuild.ts'
import { admitAll } from './admit.ts'
import { advance, type Engine } from './advance.ts'
import { defaultLimits, type RebuildLimits, type RebuildPorts } from './ports.ts'
import { destroyForgotten, forgetHost } from './remove.ts'
import {
  cancelRebuild,
  createHost,
  type RebuildRequest,
  requestRebuild,
  requestScheduled,
  resumeRebuild,
  takeReport,
} from './request.ts'
import { createSchedules } from './schedule.ts'
import { steps } from './step.ts'
import { tidy } from './tidy.ts'
import { createWorkers } from './workers.ts'

export interface Reconciler {
  /** @returns the rebuild's id. */
  request(host: string, request: RebuildRequest): string
  /** Makes a host and asks for its first machine; gives the rebuild's id. */
  createHost(name: string, by: string): string
  resume(id: string, by: string): void
  cancel(id: string, by: string): void
  /** Destroys the host's machines and forgets it. Resolves when they are gone. */
  removeHost(name: string, by: string): Promise<void>
  /** To be called in the transaction that stores the report. */
  onReport(incarnation: number, report: Report): void
  onEnrolled(incarnation: number): void
  onConnected(incarnation: number): void
  /** Something may have changed: look again soon. */
  wake(): void
  /** Adopts the machines that are there, and goes on with what is open. */
  start(): Promise<void>
  /** Resolves when the steps under way have ended; what is open waits for the next start. */
  close(): Promise<void>
}

/** The one worker that is no rebuild's. */
const tidying = 'tidy'

export function createReconciler(ports: RebuildPorts, given: Partial<RebuildLimits> = {}): Reconciler {
  const limits = { ...defaultLimits, ...given }
  const stop = new AbortController()
  const engine: Engine = {
    ports,
    limits,
    startedAt: ports.now(),
    asked: new Map(),
    signal: stop.signal,
  }
  const workers = createWorkers({
    work: (key) => (key === tidying ? tidyUp() : advance(engine, key)),
    onProgress: wake,
    onError: (rebuild, error) => logError({ rebuild }, error),
  })
  const schedules = createSchedules(ports.cron, due)
  const removing = new Set<string>()
  let started = false
  let looking = false
  let tidyOwed = true
  let timer: NodeJS.Timeout | undefined

  /** Wakes coalesce, and never run inside the caller's transaction. */
  function wake(): void {
    if (!started || looking) return
    looking = true
    queueMicrotask(() => {
      looking = false
      if (!started) return
      try {
        look()
      } catch (error) {
        logError({}, error)
      }
    })
  }

  function look(): void {
    if (ports.driver === undefined) return
    schedules.follow(ports.pools())
    admitAll(ports, engine)
    for (const { id, state } of listOpenRebuilds(ports.db)) if (steps[state] !== undefined) workers.poke(id)
  }

  function due(pool: string): void {
    try {
      requestScheduled(ports, pool)
    } catch (error) {
      logError({ pool }, error)
    }
    wake()
  }

  async function tidyUp(): Promise<boolean> {
    if (ports.driver !== undefined && tidyOwed) tidyOwed = !(await tidy(ports, ports.driver))
    return false
  }

  async function removeHost(name: string, by: string): Promise<void> {
    const rebuild = openRebuildOf(ports.db, name)?.id
    removing.add(name)
    try {
      const machines = forgetHost(ports, name, by)
      // Its step ends first, so that it makes no machine behind our back.
      if (rebuild !== undefined) await workers.settled(rebuild)
      if (ports.driver === undefined) return
      tidyOwed = true
      await destroyForgotten(ports, ports.driver, { name, machines })
      tidyOwed = false
    } finally {
      removing.delete(name)
      wake()
    }
  }

  function refuseWhileRemoving(host: string): void {
    if (!removing.has(host)) return
    throw new RekindleError({
      code: 'conflict',
      message: `Cannot rebuild host "${host}": it is being removed`,
    })
  }

  function logError(about: object, error: unknown): void {
    ports.log.error({ ...about, error: errorShape(error) }, 'rebuild loop failed')
  }

  return {
    request(host, request) {
      refuseWhileRemoving(host)
      const id = requestRebuild(ports, host, request)
      wake()
      return id
    },
    createHost(name, by) {
      refuseWhileRemoving(name)
      const id = createHost(ports, name, by)
      wake()
      return id
    },
    resume(id, by) {
      resumeRebuild(ports, id, by)
      wake()
    },
    cancel(id, by) {
      cancelRebuild(ports, id, by)
      wake()
    },
    removeHost,
    onReport(incarnation, report) {
      takeReport(ports, incarnation, report)
      wake()
    },
    onEnrolled: () => wake(),
    onConnected(incarnation) {
      // A run that was asked for over a connection that broke may never have arrived.
      for (const { id, to } of listOpenRebuilds(ports.db)) if (to === incarnation) engine.asked.delete(id)
      wake()
    },
    wake,
    async start() {
      workers.poke(tidying)
      await workers.settled(tidying)
      if (stop.signal.aborted) return
      started = true
      timer = setInterval(() => {
        if (tidyOwed) workers.poke(tidying)
        wake()
      }, limits.tickMs)
      wake()
    },
    async close() {
      started = false
      clearInterval(timer)
      schedules.stop()
      stop.abort()
      await workers.idle()
    },
  }
}
