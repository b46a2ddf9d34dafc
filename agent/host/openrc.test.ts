import { expect, test } from 'vitest'
import { parseRcStatus, parseRcUpdate, parseServiceCode } from './openrc.ts'

/** As printed by OpenRC 0.52 on Alpine 3.19, without colours. */
const rcStatus = ` sshd                                      [  started  ]
 nginx                                     [  started 00:10:24 (0)  ]
 crond                                     [  crashed  ]
 chronyd                                   [  stopped  ]
`
const rcUpdate = `                crond |      default                 
              hwclock | boot                                   
                 sshd |      default nonetwork
`

test('parseRcStatus() gives the state of each service, supervised or not', () => {
  expect([...parseRcStatus(rcStatus)]).toEqual([
    ['sshd', 'started'],
    ['nginx', 'started'],
    ['crond', 'crashed'],
    ['chronyd', 'stopped'],
  ])
})

test('parseRcStatus() leaves out headings of runlevels', () => {
  expect(parseRcStatus(`Runlevel: default\n${rcStatus}Dynamic Runlevel: hotplugged\n`).size).toBe(4)
})

test('parseRcUpdate() gives the runlevels of each service', () => {
  expect([...parseRcUpdate(rcUpdate)]).toEqual([
    ['crond', ['default']],
    ['hwclock', ['boot']],
    ['sshd', ['default', 'nonetwork']],
  ])
})

test.each([
  [0, 'started'],
  [3, 'stopped'],
  [32, 'crashed'],
  [1, undefined],
  [null, undefined],
])('parseServiceCode(%s) is %s', (code, word) => {
  expect(parseServiceCode(code)).toBe(word)
})
