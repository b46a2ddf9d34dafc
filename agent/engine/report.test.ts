import { describe, expect, it } from 'vitest'
import type { ResourceOutcome } from '../../schemas/generated/types.ts'
import { diagnose } from '../../schemas/validate.ts'
import { exitCodeOf, makeFailureReport, makeReport, type RunFacts } from './report.ts'

const facts: RunFacts = {
  id: 'u',
  host: 'h',
  trigger: 'poll',
  startedAt: 0,
  finishedAt: 1500,
  cached: false,
  noop: false,
  catalogHash: 'c',
  revision: 'r',
}
const one = (outcome: ResourceOutcome['outcome'], more: Partial<ResourceOutcome> = {}): ResourceOutcome => ({
  id: 'file:/a',
  where: 'x:1',
  outcome,
  changes: [],
  durationMs: 1,
  ...more,
})
const refreshed = one('in-sync', { refreshed: ['file:/b'] })

describe('makeReport()', () => {
  it('is a report of the protocol, with times in UTC', () => {
    const report = makeReport(facts, { total: 3, outcomes: [one('changed', { cause: 'drift' }), refreshed] })
    expect(diagnose('protocol/report', report)).toEqual([])
    expect(report.finishedAt).toBe('1970-01-01T00:00:01.500Z')
    expect(report.counts).toEqual({
      total: 3,
      inSync: 2,
      changed: 1,
      drifted: 1,
      failed: 0,
      skipped: 0,
      refreshed: 1,
    })
  })

  it.each([
    ['in-sync', []],
    ['pending', [one('pending')]],
    ['changed', [one('pending'), one('changed')]],
    ['changed', [refreshed]],
    ['drifted', [one('changed'), one('drifted')]],
    ['failed', [one('drifted'), one('failed')]],
    ['failed', [one('skipped')]],
  ] as const)('has the status %s, the worst of what happened', (status, outcomes) => {
    expect(makeReport(facts, { total: 9, outcomes }).status).toBe(status)
  })
})

// PUPPET 1.14.
describe('exitCodeOf()', () => {
  const noop = { ...facts, noop: true }
  it.each([
    ['nothing to do', makeReport(facts, { total: 1, outcomes: [] }), 0, 0],
    ['changes', makeReport(facts, { total: 1, outcomes: [one('changed')] }), 2, 0],
    ['a refresh alone', makeReport(facts, { total: 1, outcomes: [refreshed] }), 2, 0],
    ['failures', makeReport(facts, { total: 1, outcomes: [one('failed')] }), 4, 1],
    ['both', makeReport(facts, { total: 2, outcomes: [one('failed'), one('changed')] }), 6, 1],
    ['drift that is left', makeReport(facts, { total: 1, outcomes: [one('drifted')] }), 0, 0],
    ['a no-op run that would change', makeReport(noop, { total: 1, outcomes: [one('pending')] }), 0, 0],
    ['a no-op run with a failure', makeReport(noop, { total: 1, outcomes: [one('failed')] }), 4, 1],
    ['a run that was not attempted', makeFailureReport(facts, new Error('no catalog')), 1, 1],
  ])('for %s', (_, report, detailed, plain) => {
    expect(exitCodeOf(report, { detailed: true })).toBe(detailed)
    expect(exitCodeOf(report, { detailed: false })).toBe(plain)
  })
})
