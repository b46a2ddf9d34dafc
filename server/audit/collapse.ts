/**
 * Collapses equal refusals, so that a flood of them does not fill the disk: the first is written at once, those that
 * follow within the window are counted and written as one. Pure state; the caller has clock and store.
 */
import type { AuditAct } from './act.ts'

export interface Collapsed {
  readonly act: AuditAct
  /** How many were not written. */
  readonly count: number
}

export interface Collapser {
  /** Whether to write this one now; otherwise it was counted. */
  admit(act: AuditAct, now: number): boolean
  /** Takes out what was counted in windows that have ended by `now`. */
  due(now: number): readonly Collapsed[]
}

export interface CollapseLimits {
  readonly windowMs: number
  /** Different refusals in one window; all others are counted together. */
  readonly kinds: number
}

/** @example createCollapser({ windowMs: 60_000, kinds: 200 }) */
export function createCollapser({ windowMs, kinds }: CollapseLimits): Collapser {
  const windows = new Map<string, { act: AuditAct; until: number; count: number }>()
  const overflow: AuditAct = {
    actor: 'server',
    action: 'flood.refused',
    target: 'server',
    detail: 'too many different refusals to list each',
  }
  return {
    admit(act, now) {
      const kind = windows.has(keyOf(act)) || windows.size < kinds ? act : overflow
      const open = windows.get(keyOf(kind))
      if (open !== undefined && open.until > now) {
        open.count += 1
        return false
      }
      windows.set(keyOf(kind), { act: kind, until: now + windowMs, count: kind === act ? 0 : 1 })
      return kind === act
    },
    due(now) {
      const ended = [...windows].filter(([, { until }]) => until <= now)
      for (const [key] of ended) windows.delete(key)
      return ended.map(([, { act, count }]) => ({ act, count })).filter(({ count }) => count > 0)
    },
  }
}

function keyOf(act: AuditAct): string {
  return JSON.stringify([act.actor, act.action, act.target, act.detail])
}
