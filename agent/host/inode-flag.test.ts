import { expect, it } from 'vitest'
import { heldError, heldIn } from './inode-flag.ts'

it.each([
  ['an immutable file', '----i---------e------- /srv/a b\n--------------e------- /srv\n', '/srv/a b', 'i'],
  ['an append-only directory', '--------------e------- /srv/a\n-----a--------e------- /srv\n', '/srv', 'a'],
  ['an old listing', '----i--------e-- /srv/a\n', '/srv/a', 'i'],
])('heldIn() finds %s', (_, listing, path, flag) => {
  expect(heldIn(listing)).toEqual({ path, flag })
})

it.each([
  ['nothing set', '--------------e------- /srv/a\n'],
  ['a file system without attributes', 'lsattr: Operation not supported While reading flags on /srv/a\n'],
  ['nothing', ''],
])('heldIn() finds nothing in %s', (_, listing) => {
  expect(heldIn(listing)).toBeUndefined()
})

it('heldError() leaves other errors to others', () => {
  const error = Object.assign(new Error('EACCES'), { code: 'EACCES' })
  expect(heldError('/srv/a', error, 'all')).toBeUndefined()
})
