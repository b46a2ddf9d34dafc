import { expect, test } from 'vitest'
import { parseRcStatus, parseRcUpdate, parseServiceCode } from './openrc.ts'

/** As printed by OpenRC 0.45 of Debian 12; the words of other states are of the manual. */
const rcStatus = ` procps                                                            [  stopped  ]
 dbus                                                              [  crashed  ]
 nginx                                                             [  started 00:10:24 (0)  ]
 shop                                                              [  started  ]
`
const rcUpdate = `              cgroups |                                              sysinit
                 dbus |      default                                        
                local |                              nonetwork default      
            savecache |                        off                          
                 idle |
`

test('parseRcStatus() gives the state of each service, supervised or not', () => {
  expect([...parseRcStatus(rcStatus)]).toEqual([
    ['procps', 'stopped'],
    ['dbus', 'crashed'],
    ['nginx', 'started'],
    ['shop', 'started'],
  ])
})

test('parseRcStatus() leaves out headings of runlevels', () => {
  expect(parseRcStatus(`Runlevel: default\n${rcStatus}Dynamic Runlevel: hotplugged\n`).size).toBe(4)
})

test('parseRcUpdate() gives the runlevels of each service', () => {
  expect([...parseRcUpdate(rcUpdate)]).toEqual([
    ['cgroups', ['sysinit']],
    ['dbus', ['default']],
    ['local', ['nonetwork', 'default']],
    ['savecache', ['off']],
    ['idle', []],
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
