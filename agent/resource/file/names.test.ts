import { expect, test } from 'vitest'
import { namesIn } from './names.ts'

const passwd = `root:x:0:0:root:/root:/bin/bash
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
toor:x:0:0:root again:/root:/bin/bash
4711:x:1001:1001::/home/4711:/bin/sh
`
const group = `root:x:0:
adm:x:4:syslog
www-data:x:33:
`
const names = namesIn(passwd, group)

test.each([
  ['www-data', 33],
  ['toor', 0],
  ['1234', 1234],
  ['4711', 1001],
  ['www', undefined],
  ['-1', undefined],
  ['', undefined],
])('uidOf(%j) is %j', (owner, uid) => {
  expect(names.uidOf(owner)).toBe(uid)
})

test.each([
  [0, 'root'],
  [33, 'www-data'],
  [77, '77'],
])('ownerOf(%i) is %j', (uid, name) => {
  expect(names.ownerOf(uid)).toBe(name)
})

test('groups are looked up among groups', () => {
  expect(names.gidOf('adm')).toBe(4)
  expect(names.gidOf('toor')).toBeUndefined()
  expect(names.groupOf(4)).toBe('adm')
})
