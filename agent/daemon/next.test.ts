import { describe, expect, it } from 'vitest'
import { type LoopState, next } from './next.ts'
import { mergeRequests, type RunRequest } from './request.ts'

const poll: RunRequest = { trigger: 'poll', noop: false }
const watch: RunRequest = { trigger: 'watch', noop: false }
const prove: RunRequest = { trigger: 'prove', runId: 'p1', noop: false }
const plan: RunRequest = { trigger: 'manual', runId: 'm1', noop: true }

describe('next()', () => {
  it('starts a run at once when idle', () => {
    expect(next({ kind: 'idle' }, { type: 'requested', request: poll })).toEqual({
      state: { kind: 'running' },
      start: poll,
    })
  })

  it('merges what is asked for during a run into one run after it', () => {
    let state: LoopState = { kind: 'running' }
    for (const request of [watch, prove, poll]) {
      const after = next(state, { type: 'requested', request })
      expect(after.start).toBeUndefined()
      state = after.state
    }
    expect(next(state, { type: 'finished' })).toEqual({ state: { kind: 'running' }, start: prove })
    expect(next({ kind: 'running' }, { type: 'finished' })).toEqual({ state: { kind: 'idle' } })
  })

  it('begins nothing more once it stops, and ends when the run has', () => {
    const { state } = next({ kind: 'running', following: poll }, { type: 'stop' })
    expect(next(state, { type: 'requested', request: prove })).toEqual({ state })
    expect(next(state, { type: 'finished' })).toEqual({ state: { kind: 'stopped' } })
    expect(next({ kind: 'idle' }, { type: 'stop' })).toEqual({ state: { kind: 'stopped' } })
  })

  it('throws when a run finishes that never began', () => {
    expect(() => next({ kind: 'idle' }, { type: 'finished' })).toThrow('while idle')
  })
})

describe('mergeRequests()', () => {
  it.each([
    [
      'the server’s request answers a poll',
      poll,
      { trigger: 'push', runId: 'x', noop: false },
      { trigger: 'push', runId: 'x', noop: false },
    ],
    [
      'a real run answers a no-op one and tells its id',
      plan,
      poll,
      { trigger: 'manual', runId: 'm1', noop: false },
    ],
    [
      'two no-op runs stay one',
      plan,
      { ...plan, runId: 'm2' },
      { trigger: 'manual', runId: 'm2', noop: true },
    ],
    ['a proof is never lost', prove, watch, prove],
  ] as const)('%s', (_, older, newer, wanted) => {
    expect(mergeRequests(older, newer)).toEqual(wanted)
  })
})
