import { describe, expect, it } from 'vitest'
import { createPlanBuilder, exitCodeOf, type FleetPlan } from './plan.ts'
import { renderMarkdown, renderText } from './render.ts'

/** Each host with a change that no other has. */
function wide(hosts: number, diff: string): FleetPlan {
  const builder = createPlanBuilder()
  for (let at = 0; at < hosts; at++) {
    const changes = [{ name: 'content', diff: `${diff} ${at}` }]
    const resources = [{ kind: 'changed' as const, id: 'file:/a', where: 'site.ts:1', changes }]
    builder.add(`web-${at}`, { kind: 'changed', change: { placement: [], resources }, readsName: false })
  }
  return builder.build({ served: 'old', planned: 'new', unknown: [] })
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
      builder.add(host, { kind: 'changed', change: { placement, resources: [] }, readsName: true })
    }
    expect(
      builder.build({ served: 'old', planned: 'new', unknown: [] }).groups.map(({ hosts }) => hosts),
    ).toEqual([['web-1'], ['web-12']])
  })

  it('ends with 1 for a new refusal alone', () => {
    const reason = { code: 'compile-failed' as const, message: 'Cannot compile' }
    const code = (isNew: boolean) => {
      const builder = createPlanBuilder()
      builder.add('web-1', { kind: 'refused', reason, isNew })
      return exitCodeOf(builder.build({ served: 'old', planned: 'new', unknown: [] }))
    }
    expect([code(true), code(false)]).toEqual([1, 0])
  })
})
