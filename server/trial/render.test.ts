import { expect, it } from 'vitest'
import { faultOf } from './attempt.ts'
import { renderJunit } from './junit.ts'
import { renderCase, renderSum } from './render.ts'
import type { TrialCase } from './trial.ts'

const good: TrialCase = { name: 'as declared', seconds: 4.25, kills: 0 }
const bad: TrialCase = {
  name: 'order 1, killed after each resource',
  seconds: 3,
  kills: 1,
  failure: {
    step: 'first',
    id: 'exec:take',
    where: 'site.ts:4',
    details: ['exec:take failed: it said "<no>" & \u001b[31mended'],
    order: ['exec:begin', 'exec:take'],
    nowBefore: ['exec:begin'],
    nowAfter: ['file:/etc/a'],
    killedAfter: ['exec:begin'],
  },
}

it('renderCase() tells what failed, after which kill, in which order, and what nothing orders', () => {
  expect(renderCase(good)).toBe('ok    as declared  4.3 s')
  expect(renderCase(bad).split('\n')).toEqual([
    'FAIL  order 1, killed after each resource  3.0 s, 1 kills',
    '      The run from bare failed: exec:take (site.ts:4)',
    '        exec:take failed: it said "<no>" & \u001b[31mended',
    '      killed after:',
    '        exec:begin',
    '      nothing orders it after these, which stood before it as declared:',
    '        file:/etc/a',
    '      nothing orders it before these, which stood after it as declared:',
    '        exec:begin',
    '      in this order:',
    '        exec:begin',
    '        exec:take',
  ])
  expect(renderSum([good, bad])).toBe('2 cases, 1 failed, 7.3 s')
})

it('renderJunit() escapes what it is told, and leaves out what XML cannot say', () => {
  const xml = renderJunit({ name: 'rekindle test "web"', properties: { seed: '7' }, cases: [good, bad] })
  expect(xml).toContain('<testsuite name="rekindle test &quot;web&quot;" tests="2" failures="1"')
  expect(xml).toContain('<property name="seed" value="7"/>')
  expect(xml).toContain('name="as declared" time="4.250"/>')
  expect(xml).toContain('<failure message="The run from bare failed: exec:take (site.ts:4)">')
  expect(xml).toContain('it said &quot;&lt;no&gt;&quot; &amp; [31mended')
  expect(xml).not.toContain('\u001b')
})

it('faultOf() names the resource that failed, and none that was skipped for it', () => {
  const outcome = { where: 'site.ts:1', changes: [], durationMs: 1 }
  const error = { code: 'apply-failed', message: 'Cannot apply b' }
  const resources = [
    { ...outcome, id: 'a:1', outcome: 'changed' as const },
    { ...outcome, id: 'c:1', outcome: 'skipped' as const, skippedBecause: ['b:1'] },
    { ...outcome, id: 'b:1', outcome: 'failed' as const, error },
  ]
  const isFailure = (one: { outcome: string }) => one.outcome !== 'changed'
  expect(faultOf('first', { resources }, isFailure)).toEqual({
    step: 'first',
    id: 'b:1',
    where: 'site.ts:1',
    details: ['b:1 failed: Cannot apply b'],
  })
  expect(faultOf('second', { resources: resources.slice(0, 1) }, isFailure)).toBeUndefined()
})
