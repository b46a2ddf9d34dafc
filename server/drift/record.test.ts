import { beforeEach, describe, expect, it } from 'vitest'
import type { Report, ResourceOutcome } from '../../schemas/generated/types.ts'
import { type Db, openDatabase } from '../store/db.ts'
import { driftRows, endDriftOfIncarnation } from '../store/drift.ts'
import { ensureHost } from '../store/host.ts'
import { createIncarnation } from '../store/incarnation.ts'
import { recordDrift } from './record.ts'

let db: Db
let incarnation: number
let clock: number

beforeEach(() => {
  db = openDatabase(':memory:')
  clock = 1_000
  ensureHost(db, { name: 'web-1', managed: true }, clock)
  incarnation = createIncarnation(db, 'web-1', clock).id
})

function outcome(fields: Partial<ResourceOutcome> = {}): ResourceOutcome {
  return {
    id: 'file:/etc/motd',
    where: 'role/web.ts:3',
    outcome: 'drifted',
    cause: 'drift',
    changes: [{ property: 'content', from: 'a', to: 'b' }],
    durationMs: 1,
    ...fields,
  }
}

function take(resources: readonly ResourceOutcome[], fields: Partial<Report> = {}) {
  clock += 1_000
  const report: Report = {
    version: 1,
    id: `r${clock}`,
    host: 'web-1',
    trigger: 'poll',
    startedAt: '',
    finishedAt: '',
    catalogHash: 'c',
    cached: false,
    noop: false,
    status: 'drifted',
    counts: { total: 1, inSync: 0, changed: 0, drifted: 1, failed: 0, skipped: 0, refreshed: 0 },
    resources: [...resources],
    ...fields,
  }
  return recordDrift(db, { incarnation, host: 'web-1', report }, clock)
}

const rows = () => driftRows(db, { limit: 10 })

describe('recordDrift()', () => {
  it('opens a row once, however often the same drift is reported', () => {
    expect(take([outcome()])).toEqual({ opened: ['file:/etc/motd'], closed: [], updated: [] })
    expect(take([outcome()])).toEqual({ opened: [], closed: [], updated: [] })
    expect(rows()).toMatchObject([
      { host: 'web-1', incarnation: 1, where: 'role/web.ts:3', endedAt: null, report: 'r2000' },
    ])
  })

  it('updates an open row whose difference became another', () => {
    take([outcome()])
    const changes = [{ property: 'mode', from: '0666', to: '0644' }]
    expect(take([outcome({ changes })]).updated).toEqual(['file:/etc/motd'])
    expect(rows()).toMatchObject([{ changes, seenAt: '1970-01-01T00:00:02.000Z', report: 'r3000' }])
  })

  it('keeps what is known when a resource could not be looked at', () => {
    take([outcome()])
    take([outcome({ outcome: 'skipped', changes: [] })], { status: 'failed' })
    expect(rows()).toMatchObject([{ changes: [{ property: 'content' }], endedAt: null }])
  })

  it('opens and closes at once what the agent corrected in the same run', () => {
    expect(take([outcome({ outcome: 'changed' })])).toMatchObject({
      opened: ['file:/etc/motd'],
      closed: ['file:/etc/motd'],
    })
    expect(rows()).toMatchObject([{ endedBy: 'corrected', endedAt: '1970-01-01T00:00:02.000Z' }])
  })

  it('leaves open what the agent failed to correct', () => {
    take([outcome({ outcome: 'failed' })])
    expect(rows()).toMatchObject([{ endedAt: null }])
  })

  it.each<[string, readonly ResourceOutcome[], Partial<Report>]>([
    ['does not list it', [], { status: 'in-sync' }],
    ['lists it in sync, since it was refreshed', [outcome({ outcome: 'in-sync', refreshed: ['x:y'] })], {}],
    ['changed it with intent', [outcome({ outcome: 'changed', cause: 'intent' })], { status: 'changed' }],
    ['corrected it', [outcome({ outcome: 'changed' })], { status: 'changed' }],
  ])('closes a row when a later run %s', (_, resources, fields) => {
    take([outcome()])
    const { cause: _cause, ...inSync } = resources[0] ?? outcome()
    take(resources[0]?.outcome === 'in-sync' ? [inSync] : resources, fields)
    expect(rows()).toMatchObject([{ endedBy: 'corrected' }])
  })

  it.each<[string, Partial<Report>]>([
    ['a no-op run', { noop: true, status: 'in-sync' }],
    ['a run by tag', { selection: { tags: ['web'] } }],
    ['a run that ended early', { status: 'failed', error: { code: 'internal', message: 'no' } }],
  ])('closes nothing since %s does not list it', (_, fields) => {
    take([outcome()])
    expect(take([], fields).closed).toEqual([])
    expect(rows()).toMatchObject([{ endedAt: null }])
  })

  it('opens no row for what the catalog newly asks for', () => {
    take([outcome({ outcome: 'changed', cause: 'intent' })])
    expect(rows()).toEqual([])
  })

  it('opens no row for what is only audited, and one for what is so in part', () => {
    take([outcome({ outcome: 'pending', audited: ['content'] })])
    expect(rows()).toEqual([])
    const both = ['mode', 'owner'].map((property) => ({ property, from: 'a', to: 'b' }))
    take([outcome({ outcome: 'drifted', changes: both, audited: ['mode'] })])
    expect(rows()).toHaveLength(1)
  })

  it('opens a row of its own when the same resource drifts again', () => {
    take([outcome()])
    take([])
    take([outcome()])
    expect(rows().map(({ endedBy }) => endedBy)).toEqual([null, 'corrected'])
  })

  it('ends open rows as rebuilt when their incarnation is gone', () => {
    take([outcome(), outcome({ id: 'package:nginx' })])
    expect(endDriftOfIncarnation(db, incarnation, 9_000)).toBe(2)
    expect(rows().map(({ endedBy }) => endedBy)).toEqual(['rebuilt', 'rebuilt'])
  })
})

it('driftRows() filters by host and by open, newest first, up to its limit', () => {
  take([outcome()])
  take([outcome({ id: 'package:nginx' })])
  expect(driftRows(db, { open: true, limit: 9 }).map(({ resource }) => resource)).toEqual(['package:nginx'])
  expect(driftRows(db, { open: false, limit: 9 }).map(({ resource }) => resource)).toEqual(['file:/etc/motd'])
  expect(driftRows(db, { limit: 1 }).map(({ resource }) => resource)).toEqual(['package:nginx'])
  expect(driftRows(db, { host: 'web-9', limit: 9 })).toEqual([])
})
