/** Refusals: each is logged, on the audit log and so on the page; equal ones within a minute as one. */
import type { AuditAct } from './audit/act.ts'
import { type Collapser, createCollapser } from './audit/collapse.ts'
import type { Context } from './context.ts'
import { appendAudit } from './store/audit.ts'

export interface Refusals {
  record(act: AuditAct): void
  /** Writes what was counted. */
  close(): void
}

const windowMs = 60_000

export function createRefusals(context: Context): Refusals {
  const collapser = createCollapser({ windowMs, kinds: 200 })
  const timer = setInterval(() => flush(context, collapser, context.now()), windowMs / 2)
  timer.unref()
  return {
    record(act) {
      const now = context.now()
      flush(context, collapser, now)
      if (collapser.admit(act, now)) write(context, act, now)
    },
    close() {
      clearInterval(timer)
      flush(context, collapser, Number.POSITIVE_INFINITY)
    },
  }
}

function flush(context: Context, collapser: Collapser, until: number): void {
  for (const { act, count } of collapser.due(until)) {
    write(context, { ...act, detail: `${count} more: ${act.detail ?? act.action}` }, context.now())
  }
}

function write(context: Context, act: AuditAct, now: number): void {
  context.log.warn({ actor: act.actor, target: act.target, detail: act.detail }, act.action)
  appendAudit(context.db, act, now)
  context.live.emit({ type: 'audit' })
}
