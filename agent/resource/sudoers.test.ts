import { expect, test } from 'vitest'
import { renderRule, renderSudoers } from './sudoers.ts'

test.each([
  [{ group: 'ops', commands: 'ALL' }, '%ops ALL=(root) ALL'],
  [
    { user: 'app', commands: ['/bin/a x,y', '!/bin/b'], runAs: 'postgres', noPassword: true },
    'app ALL=(postgres) NOPASSWD: /bin/a x\\,y, !/bin/b',
  ],
  [
    { user: 'app', hosts: 'web1,web2', commands: '/bin/env A=1', setEnvironment: true },
    'app web1,web2=(root) SETENV: /bin/env A\\=1',
  ],
  [{ user: 'app', commands: ['/bin/id #u', '/bin/w'] }, 'app ALL=(root) /bin/id \\#u, /bin/w'],
])('renderRule(%j) is %s', (rule, text) => {
  expect(renderRule(rule)).toBe(text)
})

test('a text ends with a line feed, or sudo would read the next file on', () => {
  expect(renderSudoers({ content: 'Defaults env_reset' })).toBe(
    '# Written by Rekindle: edits are lost.\nDefaults env_reset\n',
  )
})
