import { expect, test } from 'vitest'
import { type TimezoneState, timezone } from './timezone.ts'

const file = {
  path: '/etc/timezone',
  kind: 'file',
  text: 'Asia/Tokyo\n',
  mode: 0o644,
  uid: 0,
  gid: 0,
} as const

test.each<[title: string, state: TimezoneState, changes: string[]]>([
  ['both are right', { zone: 'Asia/Tokyo', file }, []],
  [
    'the host has no /etc/timezone',
    { zone: 'Asia/Tokyo', file: { ...file, kind: 'absent', text: undefined } },
    [],
  ],
  ['/etc/localtime is a copy', { zone: undefined, file }, ['localtime: none -> Asia/Tokyo']],
  [
    '/etc/timezone is stale',
    { zone: 'Asia/Tokyo', file: { ...file, text: 'Etc/UTC\n' } },
    ['timezone: Etc/UTC -> Asia/Tokyo'],
  ],
])('diff() when %s', (_, state, changes) => {
  const wanted = { id: 'timezone:Asia/Tokyo', title: 'Asia/Tokyo', params: {}, where: 'a.ts:1' } as const
  expect(
    timezone.diff(wanted, state).map(({ property, from, to }) => `${property}: ${from} -> ${to}`),
  ).toEqual(changes)
})
