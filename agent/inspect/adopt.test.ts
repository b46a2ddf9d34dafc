import { expect, it } from 'vitest'
import { type Found, renderRole, subtract } from './adopt.ts'

const found: readonly Found[] = [
  {
    type: 'package',
    instances: [
      { title: 'nginx', params: {} },
      { title: 'vim', params: {} },
    ],
  },
  { type: 'cron', instances: [], reason: 'Cannot read cron: no crontab\nmore' },
  { type: 'user', instances: [{ title: 'ada', params: { uid: 1000, shell: '/bin/bash' } }] },
  {
    type: 'file',
    instances: [
      { title: '/etc/motd', params: { content: 'caf\u00e9\n', owner: '0', group: '0', mode: '0644' } },
    ],
  },
]

it('renderRole() is a module, with contents beside it and what could not be read named', () => {
  const { text, files } = renderRole('web-1', found)
  expect(text).toBe(`import { file, pkg, role, user } from 'rekindle'

export const web1 = role('web-1', () => {
  pkg('nginx', {})
  pkg('vim', {})

  // cron could not be read: Cannot read cron: no crontab

  user('ada', { uid: 1000, shell: '/bin/bash' })

  file('/etc/motd', { source: 'adopted/etc/motd', owner: '0', group: '0', mode: '0644' })
})
`)
  expect([...files].map(([path, bytes]) => [path, [...bytes]])).toEqual([
    ['adopted/etc/motd', [99, 97, 102, 0xe9, 10]],
  ])
})

it('subtract() leaves out what the base has just so, and keeps what differs from it', () => {
  const base: readonly Found[] = [
    { type: 'package', instances: [{ title: 'vim', params: {} }] },
    { type: 'user', instances: [{ title: 'ada', params: { uid: 1000, shell: '/bin/sh' } }] },
  ]
  const left = subtract(found, base)
  expect(left.map(({ type, instances }) => [type, instances.map(({ title }) => title)])).toEqual([
    ['package', ['nginx']],
    ['cron', []],
    ['user', ['ada']],
    ['file', ['/etc/motd']],
  ])
})
