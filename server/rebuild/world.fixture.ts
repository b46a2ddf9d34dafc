/**
 * For tests of the reconciler: machines and agents that outlive the server, over a real database file. The server can be
 * killed at any call through its ports; nothing of it is written after that, as with kill -9.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import type { HealthCheck, Pool, Report, ResourceOutcome } from '../../schemas/generated/types.ts'
import { sha256 } from '../../schemas/hash.ts'
import { checkToken, mintToken } from '../ca/token.ts'
import type { Machine, MachineRequest } from '../machine/driver.ts'
import { saveCertificate } from '../store/certificate.ts'
import { type Db, openDatabase } from '../store/db.ts'
import { revokeIncarnation } from '../store/incarnation.ts'
import { saveReport } from '../store/report.ts'
import { saveSeenSite } from '../store/site.ts'
import { transact } from '../store/statement.ts'
import { useToken } from '../store/token.ts'
import type { RebuildDriver, RebuildLimits, RebuildPorts } from './ports.ts'
import { createReconciler, type Reconciler } from './reconcile.ts'

/** How agents and machines behave; a test changes it as it goes. */
export interface Behaviour {
  enrols: boolean
  connects: boolean
  /** Statuses of runs to come, by the order in which they are made; `changed` for a first run when empty. */
  runs: Report['status'][]
  prove: Report['status']
  createFails: string | undefined
  /** Awaited in the middle of making a machine. */
  whileCreating: () => Promise<void>
  /** Called with each line of the audit log. */
  onAudit: (line: string) => void
  destroyFails: string | undefined
  evidence: () => Promise<string>
  healthy: (address: string, check: HealthCheck) => string | undefined
}

interface Agent {
  readonly machine: string
  readonly host: string
  readonly token: string
  state: 'running' | 'stopped'
  incarnation: number | undefined
  ranOnce: boolean
}

interface Server {
  readonly db: Db
  readonly reconciler: Reconciler
}

export interface WorldOptions {
  readonly path: string
  readonly pools: Pool[]
  readonly canSurge?: boolean
  readonly limits?: Partial<RebuildLimits>
}

export const pool = (fields: Partial<Pool> = {}): Pool => ({
  name: 'web',
  order: 'surge',
  drift: 'rebuild',
  concurrent: 1,
  minHealthy: 0,
  cooldownSeconds: 900,
  breakerAfter: 2,
  maxDropPercent: 50,
  protect: [],
  health: [],
  ...fields,
})

export const driftOf = (id: string, to = 'wanted'): ResourceOutcome => ({
  id,
  where: 'role/web.ts:3',
  outcome: 'drifted',
  cause: 'drift',
  changes: [{ property: 'content', from: 'found', to, diff: '-wanted\n+found\n' }],
  durationMs: 1,
})

class Killed extends Error {}

export class World {
  readonly behaviour: Behaviour = {
    enrols: true,
    connects: true,
    runs: [],
    prove: 'in-sync',
    createFails: undefined,
    whileCreating: async () => undefined,
    onAudit: () => undefined,
    destroyFails: undefined,
    evidence: async () => 'last line of the journal',
    healthy: () => undefined,
  }
  /** Machines that were really made and destroyed, in order; repeated calls with nothing to do are not in it. */
  readonly made: string[] = []
  readonly destroyed: string[] = []
  readonly asked: { readonly trigger: string; readonly runId: string }[] = []
  readonly audited: string[] = []
  readonly errors: unknown[] = []
  readonly ticks = new Map<string, () => void>()
  readonly machines = new Map<string, Agent>()
  clock = Date.parse('2026-01-01T00:00:00Z')
  /** Number of the port call at which the server dies; a call counts before and after its effect. */
  killAt = Number.POSITIVE_INFINITY
  calls = 0
  readonly #options: WorldOptions
  readonly #connected = new Set<number>()
  readonly #waiters = new Set<() => void>()
  #server: Server | undefined

  constructor(options: WorldOptions) {
    this.#options = options
  }

  get alive(): boolean {
    return this.#server !== undefined
  }

  get db(): Db {
    return this.#running().db
  }

  get reconciler(): Reconciler {
    return this.#running().reconciler
  }

  /** Starts a server over the database file; machines and agents are those that are there. */
  async boot(): Promise<void> {
    const db = openDatabase(this.#options.path)
    if (db.prepare('SELECT 1 FROM site').get() === undefined)
      saveSeenSite(db, { revision: 'rev-1', environment: '', problems: [], commit: undefined }, this.clock)
    // A timer that never ticks: what goes on does so since it was woken.
    const limits = { tickMs: 2_000_000_000, settleMs: 0, ...this.#options.limits }
    const reconciler = createReconciler(this.#ports(db), limits)
    this.#connected.clear()
    this.#server = { db, reconciler }
    await reconciler.start()
    for (const agent of this.machines.values()) this.#soon(() => this.#live(agent))
  }

  async shutdown(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    await server.reconciler.close()
    this.#server = undefined
    server.db.close()
  }

  /** Resolves when the condition holds, looked at after each thing that happens. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => this.#waiters.add(resolve))
    }
  }

  /** A run of a machine's agent that shows these outcomes. */
  report(machine: string, fields: Partial<Report> = {}): Report {
    const agent = this.machines.get(machine)
    if (agent === undefined) throw new Error(`no machine ${machine}`)
    return this.#send(agent, fields)
  }

  disconnect(machine: string): void {
    const id = this.machines.get(machine)?.incarnation
    if (id !== undefined) this.#connected.delete(id)
  }

  connect(machine: string): void {
    const agent = this.machines.get(machine)
    if (agent !== undefined) this.#live(agent)
  }

  #running(): Server {
    if (this.#server === undefined) throw new Error('the server is not running')
    return this.#server
  }

  #changed(): void {
    setImmediate(() => {
      for (const wake of this.#waiters) wake()
      this.#waiters.clear()
    })
  }

  #soon(work: () => void): void {
    setImmediate(() => {
      try {
        if (this.alive) work()
      } catch (error) {
        // The server died under the agent's request; the agent tries again when there is one.
        if (this.alive) this.errors.push(error)
      }
      this.#changed()
    })
  }

  /** What an agent does by itself: enrols, connects, makes its first run. */
  #live(agent: Agent): void {
    if (this.machines.get(agent.machine) !== agent || agent.state !== 'running') return
    const { db, reconciler } = this.#running()
    if (agent.incarnation === undefined) {
      if (!this.behaviour.enrols) return
      agent.incarnation = transact(db, () => {
        const token = checkToken(db, agent.token, this.clock, () => false)
        useToken(db, sha256(agent.token), this.clock)
        const serial = randomBytes(8).toString('hex')
        saveCertificate(db, token.incarnation, {
          fingerprint: serial,
          serial,
          publicKey: serial,
          issuedAt: this.clock,
          expiresAt: this.clock + 1e9,
        })
        reconciler.onEnrolled(token.incarnation)
        return token.incarnation
      })
    }
    if (this.behaviour.connects) {
      this.#connected.add(agent.incarnation)
      reconciler.onConnected(agent.incarnation)
    }
    if (agent.ranOnce) return
    this.#send(agent, { trigger: 'first', status: this.behaviour.runs.shift() ?? 'changed' })
    agent.ranOnce = true
  }

  #send(agent: Agent, fields: Partial<Report>): Report {
    const { db, reconciler } = this.#running()
    const resources = fields.resources ?? []
    const status = fields.status ?? (resources.length > 0 ? 'drifted' : 'in-sync')
    const number = (wanted: Report['status']) => (status === wanted ? Math.max(1, resources.length) : 0)
    const report: Report = {
      version: 1,
      id: randomUUID(),
      host: agent.host,
      trigger: 'poll',
      startedAt: new Date(this.clock).toISOString(),
      finishedAt: new Date(this.clock).toISOString(),
      catalogHash: 'c1',
      revision: 'rev-1',
      cached: false,
      noop: false,
      counts: {
        total: 3,
        inSync: 3,
        changed: number('changed'),
        drifted: number('drifted'),
        failed: number('failed'),
        skipped: 0,
        refreshed: 0,
      },
      ...(status === 'failed' ? { error: { code: 'apply-failed', message: 'the mirror is down' } } : {}),
      ...fields,
      status,
      resources,
    }
    const { incarnation } = agent
    if (incarnation === undefined) throw new Error(`${agent.machine} is not enrolled`)
    transact(db, () => {
      if (saveReport(db, incarnation, report, this.clock) === 'stored')
        reconciler.onReport(incarnation, report)
    })
    this.#changed()
    return report
  }

  #ports(db: Db): RebuildPorts {
    const { pools } = this.#options
    const point = () => {
      this.#changed()
      if (!db.open) throw new Killed('the server is dead')
      if (++this.calls !== this.killAt) return
      this.#server = undefined
      db.close()
      throw new Killed('kill -9')
    }
    const mortal =
      <Args extends unknown[], Result>(effect: (...args: Args) => Result) =>
      (...args: Args): Result => {
        point()
        const result = effect(...args)
        point()
        return result
      }
    const poolOf = (host: string) => pools.find(({ name }) => host.startsWith(`${name}-`))
    return {
      db,
      driver: this.#driver(point),
      pools: () => pools,
      poolOf,
      revisionOf: () => 'rev-1',
      mint: mortal((incarnation, kind, rebuild, ttlMs) => {
        return mintToken(db, { incarnation, kind, rebuild, ttlMs }, this.clock, (bytes) => randomBytes(bytes))
          .token
      }),
      revoke: mortal((id) => void revokeIncarnation(db, id, this.clock)),
      disconnect: mortal((id) => void this.#connected.delete(id)),
      requestRun: mortal((id, run) => this.#requestRun(id, run)),
      isConnected: (id) => this.#connected.has(id),
      audit: mortal((actor, action, target) => {
        const line = `${actor} ${action} ${target}`
        this.audited.push(line)
        this.behaviour.onAudit(line)
      }),
      live: { emit: () => this.#unlessKilled(mortal(() => undefined)) },
      checkHealth: async (address, check) => {
        point()
        return this.behaviour.healthy(address, check)
      },
      agentConnection: () => ({ server: 'https://192.0.2.1:8140', caFingerprint: 'ca' }),
      now: () => this.clock,
      cron: (expression, tick) => {
        this.ticks.set(expression, tick)
        return { stop: () => void this.ticks.delete(expression) }
      },
      log: {
        error: (fields) => {
          if (db.open) this.errors.push(fields)
          this.#changed()
        },
      },
    }
  }

  /** Live events are sent from where no one catches: the dead stay silent. */
  #unlessKilled(emit: () => void): void {
    try {
      emit()
    } catch (error) {
      if (!(error instanceof Killed)) throw error
    }
  }

  #requestRun(id: number, run: { trigger: 'push' | 'prove'; runId: string }): boolean {
    const agent = [...this.machines.values()].find(({ incarnation }) => incarnation === id)
    if (agent === undefined || !this.#connected.has(id)) return false
    this.asked.push(run)
    this.#soon(() => {
      if (this.machines.get(agent.machine) !== agent) return
      const status =
        run.trigger === 'prove' ? this.behaviour.prove : (this.behaviour.runs.shift() ?? 'changed')
      const resources =
        status === 'changed' ? [{ ...driftOf('exec:noisy'), outcome: 'changed' as const }] : []
      this.#send(agent, { ...run, status, resources })
    })
    return true
  }

  #driver(point: () => void): RebuildDriver {
    const view = ({ machine, host, state }: Agent): Machine => ({
      machine,
      host,
      state,
      address: state === 'running' ? '192.0.2.7' : '',
    })
    const mortal =
      <Args extends unknown[], Result>(effect: (...args: Args) => Result) =>
      async (...args: Args): Promise<Awaited<Result>> => {
        point()
        const result = await effect(...args)
        point()
        return result
      }
    return {
      canSurge: this.#options.canSurge ?? true,
      create: mortal((request: MachineRequest) => this.#create(request, view)),
      destroy: mortal((machine: string) => {
        if (this.behaviour.destroyFails !== undefined) throw new Error(this.behaviour.destroyFails)
        if (this.machines.delete(machine)) this.destroyed.push(machine)
      }),
      status: mortal((machine: string) => {
        const agent = this.machines.get(machine)
        return agent === undefined ? undefined : view(agent)
      }),
      list: mortal(() => [...this.machines.values()].map(view)),
      start: mortal((machine: string) => {
        const agent = this.machines.get(machine)
        if (agent === undefined) throw new Error(`no machine ${machine}`)
        agent.state = 'running'
        this.#soon(() => this.#live(agent))
        return view(agent)
      }),
      evidence: mortal(() => this.behaviour.evidence()),
    }
  }

  async #create(request: MachineRequest, view: (agent: Agent) => Machine): Promise<Machine> {
    await this.behaviour.whileCreating()
    if (this.behaviour.createFails !== undefined) throw new Error(this.behaviour.createFails)
    const known = this.machines.get(request.machine)
    if (known?.state === 'running') return view(known)
    const agent: Agent = {
      machine: request.machine,
      host: request.host,
      token: request.agentConfig.token,
      state: 'running',
      incarnation: undefined,
      ranOnce: false,
    }
    this.machines.set(request.machine, agent)
    this.made.push(request.machine)
    this.#soon(() => this.#live(agent))
    return view(agent)
  }
}
