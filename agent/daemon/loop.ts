/**
 * When the daemon runs: at its start, at the poll, when the server asks, and when something that is managed moves. The
 * decisions are in next.ts and schedule.ts; here are the timers.
 */
import { type LoopState, next } from './next.ts'
import type { RunRequest } from './request.ts'
import type { RunResult } from './run.ts'
import { checkDelayMs, type Interval, type LastCheck, pollDelayMs, retryDelayMs } from './schedule.ts'

export interface LoopPorts {
  /** Does one run; undefined when it was refused, such as while disabled. Never throws. */
  readonly run: (request: RunRequest, signal: AbortSignal) => Promise<RunResult | undefined>
  readonly interval: Interval
  readonly random: () => number
  /** Milliseconds of a clock that does not go back. */
  readonly now: () => number
  /** Calls `act` after `ms`; gives what calls it off. */
  readonly later: (ms: number, act: () => void) => () => void
}

export interface Loop {
  request(request: RunRequest): void
  /** Something that is managed may have moved. */
  hint(): void
  /** Finishes the resource at hand and resolves when the run has told its report. */
  stop(): Promise<void>
}

export function createLoop(ports: LoopPorts): Loop {
  const stopping = new AbortController()
  const stopped = Promise.withResolvers<void>()
  let state: LoopState = { kind: 'idle' }
  let callOffPoll = () => {}
  let check: { callOff: () => void } | undefined
  let last: (Omit<LastCheck, 'agoMs'> & { endedAt: number }) | undefined
  let failures = 0

  function step(event: Parameters<typeof next>[1]): void {
    const after = next(state, event)
    state = after.state
    if (after.start !== undefined) void start(after.start)
    if (state.kind === 'stopping') stopping.abort()
    if (state.kind === 'stopped') stopped.resolve()
  }

  async function start(request: RunRequest): Promise<void> {
    const result = await ports.run(request, stopping.signal)
    if (request.trigger === 'watch') noteCheck(result)
    else schedulePoll(request, result)
    step({ type: 'finished' })
  }

  function noteCheck(result: RunResult | undefined): void {
    const corrected = (result?.report.counts.changed ?? 0) > 0
    last = {
      durationMs: result?.durationMs ?? 0,
      corrections: corrected ? (last?.corrections ?? 0) + 1 : 0,
      endedAt: ports.now(),
    }
  }

  function schedulePoll({ noop }: RunRequest, result: RunResult | undefined): void {
    if (!noop) failures = result?.report.status === 'failed' ? failures + 1 : 0
    const { interval, random } = ports
    const delay = failures > 0 ? retryDelayMs(failures, interval, random()) : pollDelayMs(interval, random())
    callOffPoll()
    callOffPoll = ports.later(delay, () =>
      step({ type: 'requested', request: { trigger: 'poll', noop: false } }),
    )
  }

  return {
    request: (request) => step({ type: 'requested', request }),
    hint() {
      if (check !== undefined) return
      const facts = last === undefined ? undefined : { ...last, agoMs: ports.now() - last.endedAt }
      const callOff = ports.later(checkDelayMs(facts), () => {
        check = undefined
        step({ type: 'requested', request: { trigger: 'watch', noop: false } })
      })
      check = { callOff }
    },
    stop() {
      callOffPoll()
      check?.callOff()
      step({ type: 'stop' })
      return stopped.promise
    },
  }
}
