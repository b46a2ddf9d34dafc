import { expect, it } from 'vitest'
import { type HostFacts, hostStatus } from './host-status.ts'
import type { HostStatus } from './view.ts'

const report = { status: 'in-sync', at: 1_000_000, catalogHash: 'c1', revision: 'r1', cached: false }
const host: HostFacts = {
  report,
  enrolledAt: 900_000,
  catalogHash: 'c1',
  openDrift: 0,
  rebuild: null,
  revision: 'r1',
  pollMs: 1000,
}
const soon = 1_000_500

const cases: readonly [string, Partial<HostFacts>, number, HostStatus][] = [
  ['reported that all is as wanted', {}, soon, 'in-sync'],
  ['changed something', { report: { ...report, status: 'changed' } }, soon, 'changed'],
  ['failed', { report: { ...report, status: 'failed' } }, soon, 'failed'],
  ['failed and drifted', { report: { ...report, status: 'failed' }, openDrift: 2 }, soon, 'failed'],
  ['left drift as it was', { report: { ...report, status: 'drifted' } }, soon, 'drifted'],
  ['has open drift of an earlier report', { openDrift: 1 }, soon, 'drifted'],
  ['reported exactly two polls ago', {}, 1_002_000, 'in-sync'],
  ['missed two polls', {}, 1_002_001, 'silent'],
  ['failed and then said nothing more', { report: { ...report, status: 'failed' } }, 9_000_000, 'failed'],
  ['enrolled just now', { report: null, enrolledAt: 1_000_000 }, soon, 'new'],
  ['enrolled and then said nothing', { report: null, enrolledAt: 900_000 }, soon, 'silent'],
  ['waits for its machine to enrol', { report: null, enrolledAt: null }, soon, 'new'],
  ['ran from its disk', { report: { ...report, cached: true } }, soon, 'stale'],
  ['applied an older revision', { revision: 'r2' }, soon, 'stale'],
  ['applied another catalog than it was handed', { catalogHash: 'c2' }, soon, 'stale'],
  ['is being rebuilt', { rebuild: { state: 'creating', first: false } }, soon, 'rebuilding'],
  [
    'is being rebuilt and silent',
    { rebuild: { state: 'destroying', first: false } },
    9_000_000,
    'rebuilding',
  ],
  [
    'is being rebuilt for drift',
    { rebuild: { state: 'proving', first: false }, openDrift: 1 },
    soon,
    'rebuilding',
  ],
  [
    'drifted and waits for the rails',
    { rebuild: { state: 'requested', first: false }, openDrift: 1 },
    soon,
    'drifted',
  ],
  ['is well while its rebuild is held', { rebuild: { state: 'held', first: false } }, soon, 'in-sync'],
  [
    'gets its first machine',
    { report: null, enrolledAt: null, rebuild: { state: 'creating', first: true } },
    soon,
    'new',
  ],
]

it.each(cases)('hostStatus() of a host that %s', (_what, fields, now, status) => {
  expect(hostStatus({ ...host, ...fields }, now)).toBe(status)
})
