import { describe, expect, it } from 'vitest'
import type { Pool, Report } from '../../schemas/generated/types.ts'
import { causeKeyOf, type DriftCase, decideDrift, renderReason } from './policy.ts'

const pool: Pool = {
  name: 'web',
  order: 'surge',
  drift: 'rebuild',
  concurrent: 1,
  minHealthy: 1,
  cooldownSeconds: 900,
  breakerAfter: 2,
  maxDropPercent: 50,
  protect: [],
  health: [],
}
const row = (resource: string, from: string | null = 'a') => ({
  id: 1,
  resource,
  where: 'role/web.ts:3',
  changes: [{ property: 'content', from, to: 'b', diff: '-b\n+a' }],
  seenAt: 5,
})
const report: Report = {
  version: 1,
  id: 'r',
  host: 'web-1',
  trigger: 'watch',
  startedAt: '',
  finishedAt: '',
  catalogHash: 'c',
  cached: false,
  noop: false,
  status: 'drifted',
  counts: { total: 1, inSync: 0, changed: 0, drifted: 1, failed: 0, skipped: 0, refreshed: 0 },
  resources: [],
}
const drift = (fields: Partial<DriftCase> = {}): DriftCase => ({
  host: 'web-1',
  incarnation: 3,
  current: true,
  managed: true,
  pool,
  open: [row('file:/etc/nginx/nginx.conf')],
  report,
  underWay: false,
  actedOn: () => false,
  ...fields,
})
const { catalogHash: _, ...withoutCatalog } = report

describe('decideDrift()', () => {
  it('asks for a rebuild with the drift as its reason', () => {
    expect(decideDrift(drift())).toEqual({
      rebuild: true,
      reason: 'drift of file:/etc/nginx/nginx.conf (content)',
      causeKey: expect.stringMatching(/^drift:web-1:3:[0-9a-f]{64}$/),
    })
  })

  it.each<[string, Partial<DriftCase>, string]>([
    ['what the catalog newly asks for (no drift is open)', { open: [] }, 'nothing has drifted'],
    ['a pool that corrects', { pool: { ...pool, drift: 'correct' } }, 'the pool\'s policy is "correct"'],
    ['a pool that reports', { pool: { ...pool, drift: 'report' } }, 'the pool\'s policy is "report"'],
    ['a host that no rule matches', { pool: undefined }, 'no rule of the site matches the host'],
    ['a machine of others', { managed: false }, 'the host is not on a machine of ours'],
    ['a candidate', { current: false }, 'the incarnation is not in service'],
    [
      'a protected host',
      { pool: { ...pool, protect: ['web-1'] } },
      '"web-1" is protected: only a person may ask',
    ],
    ['a no-op run', { report: { ...report, noop: true } }, 'the run was a no-op'],
    [
      'a cached catalog',
      { report: { ...report, cached: true } },
      'the catalog came from the disk of the host',
    ],
    [
      'a run that ended early',
      { report: { ...report, error: { code: 'run-stopped', message: 'stopped' } } },
      'the run did not cover the whole catalog',
    ],
    [
      'a run by tag',
      { report: { ...report, selection: { tags: ['web'] } } },
      'the run did not cover the whole catalog',
    ],
    ['a run without a catalog', { report: withoutCatalog }, 'the run did not cover the whole catalog'],
    ['a host that is being rebuilt', { underWay: true }, 'a rebuild is under way'],
    ['evidence that was acted on', { actedOn: () => true }, 'a rebuild acted on this evidence before'],
  ])('asks for none on %s', (_, fields, why) => {
    expect(decideDrift(drift(fields))).toEqual({ rebuild: false, why })
  })
})

describe('causeKeyOf()', () => {
  it('is one for the same evidence in any order, whenever it was seen', () => {
    const later = { ...row('b'), seenAt: 99, id: 42 }
    expect(causeKeyOf(drift({ open: [row('a'), row('b')] }))).toBe(
      causeKeyOf(drift({ open: [later, row('a')] })),
    )
  })

  it.each<[string, Partial<DriftCase>]>([
    ['another value', { open: [row('a', 'x')] }],
    ['another resource', { open: [row('b')] }],
    ['more of it', { open: [row('a'), row('b')] }],
    ['another life', { open: [row('a')], incarnation: 4 }],
    ['another host', { open: [row('a')], host: 'web-2' }],
  ])('is another one for %s', (_, fields) => {
    expect(causeKeyOf(drift(fields))).not.toBe(causeKeyOf(drift({ open: [row('a')] })))
  })

  it('takes text that is no valid Unicode, as files may hold', () => {
    expect(causeKeyOf(drift({ open: [row('a', '\uD800')] }))).toMatch(/^drift:/)
  })
})

it('renderReason() names the first resource and counts the others', () => {
  expect(renderReason([row('a'), row('b'), row('c')])).toBe('drift of a (content) and 2 more')
  expect(renderReason([{ ...row('a'), changes: [] }])).toBe('drift of a')
})
