import { expect, it } from 'vitest'
import { chanceOf, compareStates, parseState } from './state.ts'

const hash = 'a'.repeat(64)
const text = `path /etc/motd\tf 644 root:root \ncontent /etc/motd\t${hash}\npackage nginx:amd64\t1.22-1 ii \ngroup audio\tdb,app\n`

it('compareStates() is empty for equal hosts, and members of a group are in no order', () => {
  const other = text.replace('db,app', 'app,db').split('\n').reverse().join('\n')
  expect(compareStates(parseState(text), parseState(other), new Set())).toEqual([])
})

it('compareStates() names what is other, missing and more, with both values', () => {
  const found = text
    .replace(hash, 'b'.repeat(64))
    .replace('package nginx:amd64\t1.22-1 ii \n', 'path /etc/new\td 755 root:root \n')
  expect(compareStates(parseState(text), parseState(found), new Set())).toEqual([
    'content /etc/motd: SHA-256 bbbbbbbbbbbb here, SHA-256 aaaaaaaaaaaa as declared',
    'package nginx:amd64: nothing here, "1.22-1 ii" as declared',
    'path /etc/new: "d 755 root:root" here, nothing as declared',
  ])
})

it('what differs between two hosts that were made alike is not compared', () => {
  const again = parseState(text.replace(hash, 'c'.repeat(64)))
  const byChance = chanceOf(parseState(text), again)
  expect([...byChance]).toEqual(['content /etc/motd'])
  expect(compareStates(parseState(text), parseState(text.replace(hash, 'd'.repeat(64))), byChance)).toEqual(
    [],
  )
})

it('parseState() leaves out whose bytes tell an order of accounts alone', () => {
  const accounts = `content /etc/passwd\t${hash}\ncontent /etc/shadow-\t${hash}\ncontent /etc/passwd.own\t${hash}\n`
  expect([...parseState(accounts).keys()]).toEqual(['content /etc/passwd.own'])
})
