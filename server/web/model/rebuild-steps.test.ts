import { describe, expect, it } from 'vitest'
import type { RebuildStepRow } from '../../http/view.ts'
import { layStrip, markSteps } from './rebuild-steps.ts'

function step(state: RebuildStepRow['state'], second: number, durationMs: number | null): RebuildStepRow {
  return {
    state,
    startedAt: new Date(Date.UTC(2026, 7, 1, 12, 0, second)).toISOString(),
    durationMs,
    detail: null,
  }
}

function phases(rebuild: Parameters<typeof markSteps>[0]): readonly string[] {
  return markSteps(rebuild).map(({ state, phase }) => `${state} ${phase}`)
}

describe('markSteps()', () => {
  it('tells done, under way and to come apart, in the order of the rebuild', () => {
    const steps = [step('requested', 0, 100), step('admitted', 1, 20), step('creating', 2, null)]
    expect(phases({ order: 'surge', state: 'creating', steps }).slice(0, 5)).toEqual([
      'requested done',
      'admitted done',
      'creating now',
      'enrolling todo',
      'converging todo',
    ])
    expect(phases({ order: 'in-place', state: 'creating', steps }).slice(2, 6)).toEqual([
      'draining todo',
      'evidence todo',
      'destroying todo',
      'creating now',
    ])
  })

  it('says at which step a held rebuild stands', () => {
    const steps = [
      step('requested', 0, 1),
      step('admitted', 0, 1),
      step('creating', 0, 900),
      step('held', 1, null),
    ]
    expect(phases({ order: 'surge', state: 'held', steps })).toContain('creating stopped')
    expect(phases({ order: 'surge', state: 'cancelled', steps })).toContain('creating stopped')
  })

  it('adds up the tries of a step that was resumed', () => {
    const steps = [step('creating', 0, 900), step('held', 1, 5000), step('creating', 6, 100)]
    const creating = markSteps({ order: 'surge', state: 'enrolling', steps }).find(
      ({ state }) => state === 'creating',
    )
    expect(creating).toMatchObject({ phase: 'done', durationMs: 1000, startedAt: steps[2]?.startedAt })
  })

  it('has every step done when the rebuild is in service', () => {
    const steps = [step('requested', 0, 1), step('in-service', 5, null)]
    expect(
      new Set(markSteps({ order: 'surge', state: 'in-service', steps }).map(({ phase }) => phase)),
    ).toEqual(new Set(['done']))
  })
})

describe('layStrip()', () => {
  it('lays steps out in proportion to their times', () => {
    const pieces = layStrip([step('creating', 0, 2000), step('enrolling', 2, 6000)], 0)
    expect(pieces.map(({ offset, width }) => [offset, width])).toEqual([
      [0, 0.25],
      [0.25, 0.75],
    ])
  })

  it('lets the step under way end now', () => {
    const pieces = layStrip(
      [step('creating', 0, 1000), step('enrolling', 1, null)],
      Date.UTC(2026, 7, 1, 12, 0, 4),
    )
    expect(pieces.map(({ durationMs }) => durationMs)).toEqual([1000, 3000])
  })

  it('of no steps is empty, and of an instant divides by nothing', () => {
    expect(layStrip([], 0)).toEqual([])
    expect(layStrip([step('requested', 0, 0)], 0)).toMatchObject([{ offset: 0, width: 0 }])
  })
})
