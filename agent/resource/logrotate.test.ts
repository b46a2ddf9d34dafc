import { expect, test } from 'vitest'
import type { LogrotateParams } from '../../schemas/generated/types.ts'
import { refusals, renderLogrotate } from './logrotate/render.ts'
import { logrotate } from './logrotate.ts'

const params: LogrotateParams = {
  postrotate: 'systemctl reload app\necho done\n',
  paths: ['/var/log/app/*.log', '/var/log/an app.log'],
  compress: true,
  frequency: 'daily',
  rotate: 14,
  ifempty: false,
  create: '0640 app adm',
}
const text = `# Written by Rekindle: edits are lost.
"/var/log/app/*.log"
"/var/log/an app.log"
{
    daily
    rotate 14
    notifempty
    compress
    create 0640 app adm
    postrotate
        systemctl reload app
        echo done
    endscript
}
`
const file = { path: '/etc/logrotate.d/app', kind: 'file', text, mode: 0o644, uid: 0, gid: 0 } as const

test('renderLogrotate() is the same whatever the order of parameters', () => {
  expect(renderLogrotate(params)).toBe(text)
  expect(renderLogrotate(Object.fromEntries(Object.entries(params).reverse()))).toBe(text)
})

test('renderLogrotate() writes a list of lines as it does their text', () => {
  expect(renderLogrotate({ ...params, postrotate: ['systemctl reload app', 'echo done'] })).toBe(text)
})

test.each<
  [title: string, params: LogrotateParams, file: Parameters<typeof logrotate.diff>[1], changes: string[]]
>([
  ['it is right', params, file, []],
  ['it is gone', { ensure: 'absent' }, { ...file, kind: 'absent', text: undefined }, []],
  ['it is missing', params, { ...file, kind: 'absent', text: undefined }, ['ensure: absent -> present']],
  ['it was edited', params, { ...file, text: `${text}#\n` }, ['content: other -> as declared']],
  ['others can write it', params, { ...file, mode: 0o666 }, ['mode: 666 0:0 -> 644 0:0']],
  ['it should go', { ensure: 'absent' }, file, ['ensure: present -> absent']],
])('diff() when %s', (_, wanted, found, changes) => {
  const one = { id: 'logrotate:app', title: 'app', params: wanted, where: 'a.ts:1' } as const
  expect(logrotate.diff(one, found).map(({ property, from, to }) => `${property}: ${from} -> ${to}`)).toEqual(
    changes,
  )
})

// As logrotate 3.21 says it.
const debug = (
  error: string,
) => `warning: logrotate in debug mode does nothing except printing debug messages!

reading config file /x/tmp
${error}Reading state from file: /var/lib/logrotate/status
state file /var/lib/logrotate/status does not exist
Allocating hash table for state file, size 64 entries

Handling 1 logs
considering log /var/log/nosuch.log
error: stat of /var/log/nosuch.log failed: No such file or directory
Creating new state
`

test('refusals() are those of the file, and not those of the logs', () => {
  expect(refusals(debug(''), '/x/tmp')).toEqual([])
  expect(refusals(debug("error: /x/tmp:3 unknown option 'frobnicate' -- ignoring line\n"), '/x/tmp')).toEqual(
    ["line 3 unknown option 'frobnicate' -- ignoring line"],
  )
})
