/**
 * Reports wait here as files until the server has acknowledged them; one that is sent twice is stored once, since it
 * carries its own id. Oldest first. The spool is bounded: past its bounds the oldest reports are dropped, and counted.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { hasCode, RekindleError } from '../../schemas/errors.ts'
import type { Report } from '../../schemas/generated/types.ts'
import { saveDurably } from './durable-file.ts'

export interface Spool {
  /** Keeps a report; it is on the disk when this returns. */
  add(report: Report): void
  /**
   * Hands every report to `send` as JSON text, oldest first, and forgets those for which it resolved. A report that the
   * server refuses is kept and does not hold up the others; a server that cannot be reached ends it.
   */
  drain(send: (report: string) => Promise<void>): Promise<SpoolDrain>
  /** How many wait. */
  size(): number
  /** How many were dropped since the spool was made. */
  dropped(): number
}

export interface SpoolDrain {
  readonly sent: number
  readonly left: number
  /** Why the first of those that are left was not taken. */
  readonly error?: unknown
}

export interface SpoolBounds {
  readonly maxCount?: number
  readonly maxBytes?: number
}

const defaults: Required<SpoolBounds> = { maxCount: 1000, maxBytes: 50 * 1024 * 1024 }
/** `<number>-<report id>.json`; anything else in the folder is a write that a crash cut short. */
const name = /^(\d{12})-[\w-]+\.json$/

export function createSpool(dir: string, bounds: SpoolBounds = {}): Spool {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  for (const entry of readdirSync(dir)) if (entry.endsWith('.new')) rmSync(join(dir, entry), { force: true })
  const limits = { ...defaults, ...bounds }
  const counter = join(dir, 'dropped')
  let next = 1 + Number(name.exec(names(dir).at(-1) ?? '')?.[1] ?? 0)
  let draining: Promise<SpoolDrain> | undefined

  function bound(): void {
    const excess = beyond(dir, limits)
    if (excess.length === 0) return
    saveDurably(counter, String(readCount(counter) + excess.length))
    for (const entry of excess) rmSync(join(dir, entry), { force: true })
  }

  return {
    add(report) {
      const safeId = report.id.replaceAll(/[^\w-]/g, '_').slice(0, 100)
      saveDurably(join(dir, `${String(next++).padStart(12, '0')}-${safeId}.json`), JSON.stringify(report))
      bound()
    },
    drain(send) {
      draining ??= drainOnce(dir, send).finally(() => {
        draining = undefined
      })
      return draining
    },
    size: () => names(dir).length,
    dropped: () => readCount(counter),
  }
}

async function drainOnce(dir: string, send: (report: string) => Promise<void>): Promise<SpoolDrain> {
  let sent = 0
  let firstError: unknown
  for (const entry of names(dir)) {
    const path = join(dir, entry)
    const text = readIfThere(path)
    if (text === undefined) continue
    try {
      await send(text)
      rmSync(path, { force: true })
      sent++
    } catch (error) {
      firstError ??= error
      if (!(error instanceof RekindleError) || error.code === 'server-unreachable') break
    }
  }
  return { sent, left: names(dir).length, ...(firstError === undefined ? {} : { error: firstError }) }
}

/** Names of reports, oldest first. */
function names(dir: string): readonly string[] {
  return readdirSync(dir)
    .filter((entry) => name.test(entry))
    .sort()
}

/** The oldest reports that the bounds leave no room for; the newest always has room. */
function beyond(dir: string, { maxCount, maxBytes }: Required<SpoolBounds>): readonly string[] {
  const newestFirst = names(dir).toReversed()
  let bytes = 0
  const keep = newestFirst.findIndex((entry, index) => {
    bytes += statSync(join(dir, entry), { throwIfNoEntry: false })?.size ?? 0
    return index > 0 && (index >= maxCount || bytes > maxBytes)
  })
  return keep < 0 ? [] : newestFirst.slice(keep)
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    // The bounds dropped it while an older one was being sent.
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function readCount(path: string): number {
  return Number(readIfThere(path) ?? 0) || 0
}
