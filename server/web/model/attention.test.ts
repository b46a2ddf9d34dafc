import { describe, expect, it } from 'vitest'
import type { HostRow, OverviewView, RebuildRow } from '../../http/view.ts'
import { listAttention } from './attention.ts'

function host(name: string, facts: Partial<HostRow>): HostRow {
  return {
    name,
    role: 'web',
    environment: null,
    pool: 'web',
    status: 'in-sync',
    incarnation: 1,
    address: null,
    connected: true,
    lastReportAt: null,
    revision: null,
    openDrift: 0,
    rebuild: null,
    provedAt: null,
    provedRevision: null,
    ...facts,
  }
}

function rebuild(facts: Partial<RebuildRow>): RebuildRow {
  return {
    id: 'b1',
    host: 'web-1',
    order: 'surge',
    state: 'creating',
    reason: '',
    requestedBy: 'policy',
    requestedAt: '2026-08-01T12:00:00.000Z',
    endedAt: null,
    fromIncarnation: 1,
    toIncarnation: null,
    revision: null,
    commit: null,
    waiting: null,
    elapsedMs: 0,
    steps: [],
    ...facts,
  }
}

const calm: OverviewView = {
  version: '0.1.0',
  now: '2026-08-01T12:00:00.000Z',
  hosts: [host('web-1', {})],
  openDrift: [],
  rebuilds: [],
  site: {
    revision: 'abc',
    activatedAt: null,
    roles: [],
    pools: [
      { name: 'web', order: 'surge', drift: 'rebuild', hosts: [] },
      { name: 'db', order: 'in-place', drift: 'report', hosts: [] },
    ],
    warnings: [],
    refused: null,
    commit: null,
    repository: null,
    environments: [],
  },
  refusals: [],
}

function keys(facts: Partial<OverviewView>): readonly string[] {
  return listAttention({ ...calm, ...facts }).map(({ key }) => key)
}

describe('listAttention()', () => {
  it('is empty when all is well, and while Rekindle handles by itself what is not', () => {
    expect(keys({})).toEqual([])
    expect(
      keys({ hosts: [host('web-1', { status: 'drifted' }), host('web-2', { status: 'rebuilding' })] }),
    ).toEqual([])
    expect(keys({ rebuilds: [rebuild({})] })).toEqual([])
  })

  it('names a drift that its pool only reports, unless a rebuild is under way', () => {
    const drifted = host('db-1', { pool: 'db', status: 'drifted', openDrift: 2 })
    expect(listAttention({ ...calm, hosts: [drifted] })).toMatchObject([
      { key: 'host:db-1', text: expect.stringMatching(/^2 resources/) },
    ])
    expect(keys({ hosts: [{ ...drifted, rebuild: 'b1' }] })).toEqual([])
  })

  it('puts the worst first', () => {
    const refused = { approval: null, revision: 'bad', at: calm.now, problems: [], commit: null }
    expect(
      keys({
        hosts: [
          host('a', { status: 'stale' }),
          host('b', { status: 'silent' }),
          host('c', { status: 'failed' }),
          host('d', { status: 'drifted', pool: 'db' }),
        ],
        rebuilds: [
          rebuild({ id: 'w', state: 'requested', waiting: 'cooldown' }),
          rebuild({ id: 'h', state: 'held' }),
        ],
        site: { ...calm.site, refused },
      }),
    ).toEqual(['rebuild:h', 'host:c', 'site', 'host:b', 'host:d', 'host:a', 'rebuild:w'])
  })

  it('has one line for a failed host whose rebuild is held', () => {
    expect(
      keys({ hosts: [host('web-1', { status: 'failed' })], rebuilds: [rebuild({ state: 'held' })] }),
    ).toEqual(['rebuild:b1'])
  })

  it('says that nothing is served when the first code of all was refused', () => {
    const site = {
      ...calm.site,
      revision: null,
      refused: { approval: null, revision: 'bad', at: calm.now, problems: [], commit: null },
    }
    expect(listAttention({ ...calm, site })[0]?.text).toBe(
      'the newest code has 0 problems; nothing is served',
    )
  })

  it('tells code that waits for approval from code that is wrong', () => {
    const approval = 'ab'.repeat(32)
    const refused = { approval, revision: 'next', at: calm.now, problems: [], commit: null }
    expect(listAttention({ ...calm, site: { ...calm.site, refused } })[0]).toMatchObject({
      tone: 'stale',
      word: 'waits for approval',
      text: expect.stringContaining('a policy wants its change approved; '),
    })
  })
})
