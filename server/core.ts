/** What the server's core gives to the part that makes and rebuilds machines; main.ts joins the two. */
import type { Pool } from '../schemas/generated/types.ts'
import { revoke } from './ca/revoke.ts'
import { mintToken } from './ca/token.ts'
import type { Context } from './context.ts'
import type { Hub } from './http/hub.ts'
import type { Site } from './site/site.ts'
import { appendAudit } from './store/audit.ts'

export interface Core {
  readonly context: Context
  pools(): readonly Pool[]
  /** By the site's rules; undefined when none matches. */
  poolOf(host: string): Pool | undefined
  /** That the host's environment is served; undefined when it had no good one yet. */
  revisionOf(host: string): string | undefined
  /** A one-use token: `join` for a host's first machine, `ticket` for a rebuild. In the transaction that is open. */
  mint(incarnation: number, kind: 'join' | 'ticket', rebuild: string, ttlMs: number): string
  /** Revokes and audits, in the transaction that is open. */
  revoke(incarnation: number, reason: string): void
  disconnect(incarnation: number): void
  /** False when the agent is not connected. */
  requestRun(
    incarnation: number,
    run: { readonly trigger: 'push' | 'prove'; readonly runId: string },
  ): boolean
  isConnected(incarnation: number): boolean
  /** Appends to the audit log, in the transaction that is open. */
  audit(actor: string, action: string, target: string, detail: string): void
  /** What a machine's agent must know of this server. */
  agentConnection(): {
    readonly server: string
    readonly caFingerprint: string
    readonly pollSeconds: number
  }
}

export interface CoreParts {
  readonly hub: Hub
  readonly site: Pick<Site, 'pools' | 'placeOf' | 'revision'>
  readonly agentConnection: Core['agentConnection']
}

export function createCore(context: Context, { hub, site, agentConnection }: CoreParts): Core {
  const { db, now, random } = context
  return {
    context,
    pools: site.pools,
    poolOf: (host) => site.placeOf(host).pool,
    revisionOf: (host) => site.revision(site.placeOf(host).environment),
    mint: (incarnation, kind, rebuild, ttlMs) =>
      mintToken(db, { incarnation, kind, rebuild, ttlMs }, now(), random).token,
    revoke: (incarnation, reason) => {
      revoke(context, incarnation, { by: 'server', reason })
    },
    disconnect: hub.disconnect,
    requestRun: (incarnation, run) => hub.send(incarnation, { type: 'run', ...run }),
    isConnected: hub.isConnected,
    audit(actor, action, target, detail) {
      appendAudit(db, { actor, action, target, detail }, now())
      // After the transaction that is open: a page that asks at once must see what it was told of.
      queueMicrotask(() => context.live.emit({ type: 'audit' }))
    },
    agentConnection,
  }
}
