import { expect, it } from 'vitest'
import { collectedFrom } from './collected.ts'
import type { Declared } from './declared.ts'

function declared(type: string, title: string, params: Declared['params'] = {}): Declared {
  return {
    type,
    title,
    params,
    require: [],
    before: [],
    notify: [],
    subscribe: [],
    tags: [],
    where: 'a.ts:1',
  }
}

it('collectedFrom() gives a purge the titles of its own type, and nobody else anything', () => {
  const all = [
    declared('purge', 'user'),
    declared('user', 'b'),
    declared('user', 'a'),
    declared('group', 'g'),
  ]
  const collected = collectedFrom(all)
  expect(all.map(collected)).toEqual([{ declared: ['a', 'b'] }, {}, {}, {}])
})

it('collectedFrom() leaves a purge the files of every type, and those that parameters name', () => {
  const all = [
    declared('file', '/etc', { purge: true }),
    declared('cron_file', 'backup'),
    declared('systemd_dropin', 'limits', { unit: 'nginx.service' }),
    declared('timer', 'sweep'),
    declared('file_line', 'root login', { path: '/etc/ssh/sshd_config' }),
    declared('certificate', '/etc/ssl/www.crt', { keyPath: '/etc/ssl/www.key' }),
  ]
  expect(all.slice(0, 1).map(collectedFrom(all))).toEqual([
    {
      declaredBelow: [
        '/etc/cron.d/backup',
        '/etc/ssh/sshd_config',
        '/etc/ssl/www.crt',
        '/etc/ssl/www.key',
        '/etc/systemd/system/nginx.service.d/limits.conf',
        '/etc/systemd/system/sweep.service',
        '/etc/systemd/system/sweep.timer',
      ],
    },
  ])
})

it('collectedFrom() gives what is declared below the title, or below the path that a parameter names', () => {
  const all = [
    declared('tidy', '/srv/a'),
    declared('tidy', 'named', { path: '/srv/b' }),
    declared('file', '/srv/a/x'),
    declared('file', '/srv/ab'),
    declared('file', '/srv/b/y/z'),
  ]
  expect(all.slice(0, 2).map(collectedFrom(all))).toEqual([
    { declaredBelow: ['/srv/a/x'] },
    { declaredBelow: ['/srv/b/y/z'] },
  ])
})
