import { expect, it } from 'vitest'
import type { DriftRow } from '../../http/view.ts'
import { filterDrift, groupDrift } from './drift-groups.ts'

const row: DriftRow = {
  id: 1,
  host: 'web-1',
  incarnation: 1,
  resource: 'file:/etc/motd',
  where: 'role/web.ts:3',
  changes: [{ property: 'mode', from: '0600', to: '0644' }],
  seenAt: '2026-08-01T12:00:00.000Z',
  endedAt: null,
  endedBy: null,
  report: 'r1',
}

it('groupDrift() puts equal drift of several hosts together, and keeps other drift apart', () => {
  const groups = groupDrift([
    row,
    { ...row, id: 2, host: 'web-2' },
    { ...row, id: 3, host: 'web-3', changes: [{ property: 'mode', from: '0777', to: '0644' }] },
    { ...row, id: 4, host: 'web-4', endedBy: 'rebuilt', endedAt: row.seenAt },
  ])
  expect(groups.map(({ rows }) => rows.map(({ host }) => host))).toEqual([
    ['web-1', 'web-2'],
    ['web-3'],
    ['web-4'],
  ])
})

it('groupDrift() of nothing is nothing', () => {
  expect(groupDrift([])).toEqual([])
})

it('filterDrift() looks at host, resource and place, in any case', () => {
  const other = { ...row, host: 'db-1', resource: 'service:mariadb', where: 'role/db.ts:9' }
  expect(filterDrift([row, other], ' WEB-1 ')).toEqual([row])
  expect(filterDrift([row, other], 'mariadb')).toEqual([other])
  expect(filterDrift([row, other], 'role/')).toEqual([row, other])
  expect(filterDrift([row, other], '')).toEqual([row, other])
})
