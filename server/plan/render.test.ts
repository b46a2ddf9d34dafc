import { describe, expect, it } from 'vitest'
import type { ChangeVerdict } from '../../schemas/fleet-change.ts'
import { createPlanBuilder, exitCodeOf, type FleetPlan } from './plan.ts'
import { renderMarkdown, renderText } from './render.ts'

const about = { served: 'old', planned: 'new', unknown: [], verdicts: [] }
const unplaced = (name: string) => ({ name, place: undefined })

/** Each host with a change that no other has. */
function wide(hosts: number, diff: string): FleetPlan {
  const builder = createPlanBuilder()
  for (let at = 0; at < hosts; at++) {
    const changes = [{ name: 'content', diff: `${diff} ${at}` }]
    const resources = [{ kind: 'changed' as const, id: 'file:/a', where: 'site.ts:1', changes }]
    builder.add(unplaced(`web-${at}`), {
      kind: 'changed',
      change: { placement: [], resources },
      readsName: false,
    })
  }
  return builder.build(about)
}

describe('a plan of many groups', () => {
  it('shows the first of them, and what the others change', () => {
    const text = renderText(wide(100, 'x'))
    expect(text).toContain('web-39')
    expect(text).not.toContain('web-40\n')
    expect(text).toContain('60 more groups, of 60 hosts')
    expect(text).toContain('  ~ file:/a  on 60 hosts')
  })

  it('fits into a comment, every fold closed', () => {
    const text = renderMarkdown(wide(100, 'x'.repeat(9_000)))
    expect(text.length).toBeLessThanOrEqual(60_000)
    expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length)
    expect(text).toContain('more groups')
  })
})

describe('createPlanBuilder()', () => {
  it('takes only whole names for a host’s name', () => {
    const builder = createPlanBuilder()
    for (const host of ['web-1', 'web-12']) {
      const placement = [{ name: 'role', from: '"web-1"', to: '"web-12"' }]
      builder.add(unplaced(host), { kind: 'changed', change: { placement, resources: [] }, readsName: true })
    }
    expect(builder.build(about).groups.map(({ hosts }) => hosts)).toEqual([['web-1'], ['web-12']])
  })

  it('ends with 1 for a new refusal alone', () => {
    const reason = { code: 'compile-failed' as const, message: 'Cannot compile' }
    const code = (isNew: boolean) => {
      const builder = createPlanBuilder()
      builder.add(unplaced('web-1'), { kind: 'refused', reason, isNew })
      return exitCodeOf(builder.build(about))
    }
    expect([code(true), code(false)]).toEqual([1, 0])
  })

  it('ends with 1 for a policy that refuses, not for one that wants approval', () => {
    const code = (level: ChangeVerdict['level']) => {
      const verdict = { policy: 'parts', level, message: 'too many', where: null, hint: null }
      return exitCodeOf(createPlanBuilder().build({ ...about, verdicts: [verdict] }))
    }
    expect([code('refuse'), code('approve'), code('warn')]).toEqual([1, 0, 0])
  })

  it('gives policies the hosts of the environment that changes, and what changes on which', () => {
    const builder = createPlanBuilder()
    const place = (name: string, environment: string) => ({
      name,
      place: { name, pool: 'web', roles: ['base', 'web'], environment },
    })
    const resources = [
      { kind: 'removed' as const, id: 'user:ann', where: 'site.ts:1', changes: [] },
      { kind: 'added' as const, id: 'file:/a:b', where: 'site.ts:1', changes: [] },
    ]
    const refreshes = { restarts: ['service:app'], reloads: [] }
    builder.add(place('web-1', 'main'), {
      kind: 'changed',
      change: { placement: [], resources, refreshes },
      readsName: false,
    })
    builder.add(place('web-2', 'main'), { kind: 'same' })
    builder.add(place('web-3', 'staging'), { kind: 'same' })
    const host = (name: string) => ({ name, pool: 'web', roles: ['base', 'web'] })
    expect(builder.change('main')).toEqual({
      hosts: [host('web-1'), host('web-2')],
      groups: [
        {
          hosts: [host('web-1')],
          added: [{ id: 'file:/a:b', type: 'file', title: '/a:b' }],
          changed: [],
          removed: [{ id: 'user:ann', type: 'user', title: 'ann' }],
          ...refreshes,
        },
      ],
    })
  })
})
