/** Pure: what is kept of a machine before it is destroyed, as text for people. */
import type { OpenDrift } from '../store/drift.ts'

export interface Evidence {
  readonly machine: string
  readonly drift: readonly OpenDrift[]
  /** Last lines of its journal and console. */
  readonly log: string
}

/** At most `limit` bytes of UTF-8. Differences may take half of it; the log's newest lines get the rest. */
export function renderEvidence({ machine, drift, log }: Evidence, limit: number): string {
  const differences =
    drift.length === 0 ? 'No managed resource was off.' : drift.map(renderDrift).join('\n\n')
  const head = cut(`Machine ${machine}\n\n${differences}\n\nLast lines of its log:\n`, limit / 2, 'end')
  return head + cut(log, limit - Buffer.byteLength(head), 'start')
}

function renderDrift({ resource, where, changes, seenAt }: OpenDrift): string {
  const lines = changes.map(({ property, from, to, diff }) =>
    diff === undefined
      ? `  ${property}: ${from ?? 'nothing'} (wanted: ${to ?? 'nothing'})`
      : `  ${property}:\n${diff.trimEnd()}`,
  )
  return [`${resource} (${where}), off since ${new Date(seenAt).toISOString()}`, ...lines].join('\n')
}

/** Leaves out what is too much at one side, and says so. */
function cut(text: string, limit: number, side: 'start' | 'end'): string {
  const bytes = Buffer.from(text.toWellFormed())
  if (bytes.length <= limit) return text.toWellFormed()
  const note = '\n[cut here]\n'
  const room = Math.max(0, Math.floor(limit) - Buffer.byteLength(note))
  // A character that the cut went through is dropped, since its replacement would take more bytes than it had.
  const clean = (part: Buffer) => part.toString('utf8').replaceAll('\uFFFD', '')
  return side === 'end'
    ? clean(bytes.subarray(0, room)) + note
    : note + clean(bytes.subarray(bytes.length - room))
}
