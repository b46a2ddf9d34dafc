/** What the HTTP layer needs of drift and rebuilds; main.ts hands it in. Rows of both are read from the store. */
import { RekindleError } from '../../schemas/errors.ts'
import type { Report } from '../../schemas/generated/types.ts'
import type { Context } from '../context.ts'
import { recordDrift } from '../drift/record.ts'

type MaybeLater<Value> = Value | Promise<Value>

/** Acts of people. `by` is the audit log's actor, such as `user:admin`; each act audits itself. */
export interface FleetActs {
  /** @returns the rebuild's id. */
  requestRebuild(host: string, ask: { readonly reason: string; readonly by: string }): MaybeLater<string>
  /** Makes a host that has no machine yet. @returns the id of the rebuild that makes it. */
  createHost(name: string, by: string): MaybeLater<string>
  /** Destroys a host's machines and forgets the host. */
  removeHost(name: string, by: string): MaybeLater<void>
  resume(rebuild: string, by: string): MaybeLater<void>
  cancel(rebuild: string, by: string): MaybeLater<void>
}

/** What agents cause. */
export interface FleetEvents {
  /** In the transaction that stores the report: drift rows and the rebuild that the policy asks for. */
  onReport(incarnation: number, report: Report): void
  /** In the transaction that gives the incarnation its certificate. */
  onEnrolled(incarnation: number): void
  /** Its agent has said hello over a new connection. */
  onConnected(incarnation: number): void
}

export interface Fleet extends FleetActs, FleetEvents {}

export interface ConnectedFleet extends Fleet {
  /** Goes on with what was under way; called when agents can connect. */
  start(): Promise<void> | void
  close(): Promise<void>
}

/** A server that makes no machines: it compiles, takes reports and shows drift; acts on machines are refused. */
export function createFleetWithoutMachines({ db, live, now }: Pick<Context, 'db' | 'live' | 'now'>): Fleet {
  return {
    requestRebuild: refuse,
    createHost: refuse,
    removeHost: refuse,
    resume: refuse,
    cancel: refuse,
    onReport: (incarnation, report) => {
      const { host, id } = report
      recordDrift(db, { incarnation, host, report }, now())
      // After the transaction that is open: a page that asks at once must see what it was told of.
      queueMicrotask(() => live.emit({ type: 'drift', host, id }))
    },
    onEnrolled: () => {},
    onConnected: () => {},
  }
}

function refuse(): never {
  throw new RekindleError({
    code: 'unsupported',
    message: 'Cannot act on machines: this server has no machine driver',
    hint: 'Add "nspawn" to server.json, or enrol machines of your own with `rekindle token create`',
  })
}
