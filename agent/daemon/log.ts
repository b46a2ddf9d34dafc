/** One JSON line an event on standard error, which systemd keeps in the journal. */
export interface Log {
  readonly info: LogLine
  /** Heals by itself. */
  readonly warn: LogLine
  /** A person must act. */
  readonly error: LogLine
}

type LogLine = (event: string, fields?: Readonly<Record<string, unknown>>) => void

/** The prefix is the priority that sd-daemon(3) reads off each line. */
const priorities = { info: 6, warn: 4, error: 3 } as const

export function createLog(write: (line: string) => void): Log {
  const line =
    (level: keyof typeof priorities): LogLine =>
    (event, fields = {}) =>
      write(`<${priorities[level]}>${JSON.stringify({ event, ...fields })}\n`)
  return { info: line('info'), warn: line('warn'), error: line('error') }
}
