import { expect, test } from 'vitest'
import { type HostnameState, hostname, parseHostname } from './hostname.ts'

const hosts = {
  path: '/etc/hosts',
  kind: 'file',
  text: '127.0.1.1 web\n',
  mode: 0o644,
  uid: 0,
  gid: 0,
} as const
const right: HostnameState = { boot: 'web', live: 'web', hosts }

test.each<[title: string, params: object, state: HostnameState, changes: string[]]>([
  ['all is as wanted', {}, right, []],
  ['/etc/hosts is not managed', { hosts: false }, { ...right, hosts: { ...hosts, text: '' } }, []],
  ['the next boot would change it', {}, { ...right, boot: 'old' }, ['boot: old -> web']],
  ['the kernel has another name', {}, { ...right, live: 'old' }, ['live: old -> web']],
  ['there is no file', {}, { ...right, boot: undefined }, ['boot: absent -> web']],
  [
    '/etc/hosts has no such line',
    {},
    { ...right, hosts: { ...hosts, text: '' } },
    ['hosts: another name for 127.0.1.1 -> web'],
  ],
])('diff() when %s', (_, params, state, changes) => {
  const wanted = { id: 'hostname:web', title: 'web', params, where: 'a.ts:1' } as const
  expect(
    hostname.diff(wanted, state).map(({ property, from, to }) => `${property}: ${from} -> ${to}`),
  ).toEqual(changes)
})

test('parseHostname() takes the first line that is no comment', () => {
  expect(parseHostname('# a\n\n web \nother\n')).toBe('web')
  expect(parseHostname('\n')).toBeUndefined()
})
