import { expect, test } from 'vitest'
import {
  membershipsOf,
  parseExpiries,
  parseGroup,
  parsePasswd,
  parsePasswordAges,
  parseShadow,
} from './account.ts'

test('parsePasswd() reads every field, and empty ones', () => {
  const accounts = parsePasswd(`root:x:0:0:root:/root:/bin/bash
messagebus:x:100:101::/nonexistent:/usr/sbin/nologin
u1:x:3000:3000:A B, C:/home/u1:
`)
  expect(accounts.get('root')).toEqual({
    name: 'root',
    uid: 0,
    gid: 0,
    comment: 'root',
    home: '/root',
    shell: '/bin/bash',
  })
  expect(accounts.get('messagebus')).toMatchObject({ uid: 100, gid: 101, comment: '' })
  expect(accounts.get('u1')).toMatchObject({ comment: 'A B, C', shell: '' })
})

test('parsePasswd() skips comments, lines without ids and the second line of a name', () => {
  const accounts = parsePasswd('# a comment\n+::::::\nbroken\na:x:1:1:::\na:x:2:2:::\n')
  expect([...accounts.values()].map(({ name, uid }) => [name, uid])).toEqual([['a', 1]])
})

test('parseGroup() reads members, and none', () => {
  const groups = parseGroup('root:x:0:\naudio:x:29:u1,u2\nbroken:x:\n')
  expect(groups.get('root')).toEqual({ name: 'root', gid: 0, members: [] })
  expect(groups.get('audio')).toEqual({ name: 'audio', gid: 29, members: ['u1', 'u2'] })
  expect(groups.has('broken')).toBe(false)
})

test('parseShadow() keeps hashes verbatim, locked and empty ones too', () => {
  const hashes = parseShadow(
    'root:*:20415:0:99999:7:::\nu1:$6$abc$def/.:20415::::::\nu2:!$y$j9T$x:1::::::\nu3::1::::::\n',
  )
  expect([...hashes]).toEqual([
    ['root', '*'],
    ['u1', '$6$abc$def/.'],
    ['u2', '!$y$j9T$x'],
    ['u3', ''],
  ])
})

// The third has been through `chage -M 30 -W -1`, the last through `usermod --expiredate=2031-05-06`.
const shadow = `root:*:20415:0:99999:7:::
messagebus:!:20415::::::
u1:!:20780:0:30::::
u2:!:20780:1:365:14::22405:
`

test('parsePasswordAges() takes an empty field for no limit', () => {
  expect([...parsePasswordAges(shadow)]).toEqual([
    ['root', { min: 0, max: 99_999, warn: 7 }],
    ['messagebus', { min: -1, max: -1, warn: -1 }],
    ['u1', { min: 0, max: 30, warn: -1 }],
    ['u2', { min: 1, max: 365, warn: 14 }],
  ])
})

test('parseExpiries() counts days since 1970, and never where there is none', () => {
  expect([...parseExpiries(shadow).values()]).toEqual(['never', 'never', 'never', '2031-05-06'])
})

test('membershipsOf() has the groups of each account, sorted', () => {
  expect([...membershipsOf(parseGroup('video:x:44:u1\naudio:x:29:u1,u2\nu1:x:3000:\n'))]).toEqual([
    ['u1', ['audio', 'video']],
    ['u2', ['audio']],
  ])
})
