import { expect, it } from 'vitest'
import type { Plan } from './plan.ts'
import { renderReport } from './render-outcome.ts'
import { renderPlan } from './render-plan.ts'
import { makeReport } from './report.ts'

const diff = '@@ -1 +1 @@\n-hacked\n+Welcome\n'

it('renderPlan() shows each kind of action, diffs in place of values, and counts', () => {
  const plan: Plan = {
    host: 'web-1',
    revision: 'r1',
    catalogHash: 'c',
    total: 10,
    resources: [
      {
        id: 'file:/etc/motd',
        where: 'roles/web.ts:3',
        action: 'change',
        cause: 'drift',
        changes: [
          { property: 'content', from: 'x', to: 'y', diff },
          { property: 'mode', from: '0600', to: '0644' },
        ],
      },
      {
        id: 'package:nginx',
        where: 'roles/web.ts:1',
        action: 'leave',
        cause: 'drift',
        changes: [{ property: 'ensure', from: null, to: 'installed' }],
      },
      {
        id: 'service:nginx',
        where: 'roles/web.ts:9',
        action: 'refresh',
        changes: [],
        refreshedBy: ['file:/etc/motd'],
      },
      {
        id: 'exec:x',
        where: 'roles/web.ts:11',
        action: 'fail',
        changes: [],
        error: { code: 'resource-unreadable', message: 'Cannot read exec:x: no such user' },
      },
    ],
  }
  expect(renderPlan(plan)).toBe(
    `~ file:/etc/motd (roles/web.ts:3) drift
    content:
      @@ -1 +1 @@
      -hacked
      +Welcome
    mode: "0600" -> "0644"
= package:nginx (roles/web.ts:1) drift
    ensure: nothing -> "installed"
* service:nginx (roles/web.ts:9)
    refresh owed since file:/etc/motd changed
! exec:x (roles/web.ts:11)
    Cannot read exec:x: no such user
1 to change, 1 drifted and left, 1 unreadable, 1 to refresh, 6 in sync`,
  )
})

it('renderReport() shows what was not in sync, why, and counts', () => {
  const report = makeReport(
    { id: 'u', host: 'h', trigger: 'manual', startedAt: 0, finishedAt: 0, cached: true, noop: false },
    {
      total: 3,
      outcomes: [
        {
          id: 'file:/a',
          where: 'x:1',
          outcome: 'failed',
          cause: 'intent',
          changes: [{ property: 'mode', from: null, to: '0644' }],
          error: { code: 'apply-failed', message: 'Cannot apply file:/a: disk full', kept: 'the old file' },
          durationMs: 1,
        },
        {
          id: 'file:/b',
          where: 'x:2',
          outcome: 'skipped',
          changes: [],
          skippedBecause: ['file:/a'],
          durationMs: 0,
        },
      ],
    },
  )
  expect(renderReport(report)).toBe(
    `file:/a (x:1): failed, intent
    mode: nothing -> "0644"
    Cannot apply file:/a: disk full
    kept: the old file
file:/b (x:2): skipped
    waits for file:/a
failed (cached catalog): 1 in sync, 0 changed, 0 drifted, 1 failed, 1 skipped, 0 refreshed`,
  )
})
