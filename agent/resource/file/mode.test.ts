import { expect, it } from 'vitest'
import { modeInTree, modeOf } from './mode.ts'

/** Each row of PUPPET F9 and F10 that fits, and what chmod(1) does. */
it.each<[string, number, 'file' | 'directory', number]>([
  ['0644', 0o777, 'file', 0o644],
  ['4755', 0o644, 'file', 0o4755],
  ['u=rw', 0o644, 'file', 0o644],
  ['ug=rwx', 0o644, 'file', 0o774],
  ['u=rwx,g=rx,o=', 0o644, 'file', 0o750],
  ['u=rwxs', 0o644, 'file', 0o4744],
  ['g=rwxs', 0o644, 'file', 0o2674],
  ['+t', 0o755, 'directory', 0o1755],
  ['u+X', 0o410, 'file', 0o510],
  ['a+X', 0o600, 'file', 0o600],
  ['a+X', 0o600, 'directory', 0o711],
  ['u-s', 0o4744, 'file', 0o744],
  ['go-rwx', 0o4755, 'file', 0o4700],
  ['a=r', 0o4755, 'file', 0o444],
  ['g=rx', 0o2770, 'directory', 0o2750],
  ['u=rwX,go=rX', 0o644, 'file', 0o644],
  ['u=rwX,go=rX', 0o640, 'directory', 0o755],
  ['+x', 0o644, 'file', 0o755],
  ['u+rw-x', 0o500, 'file', 0o600],
  ['-t', 0o1777, 'directory', 0o777],
])('modeOf("%s") of %i, a %s', (mode, before, kind, after) => {
  expect(modeOf(mode, { mode: before, isDirectory: kind === 'directory' }).toString(8)).toBe(
    after.toString(8),
  )
})

it.each(['u=rw,g=r,o=', 'a+X', 'u=rwxs', 'g-w', '+t'])('modeOf("%s") twice is once', (mode) => {
  for (const isDirectory of [true, false])
    for (let before = 0; before <= 0o7777; before += 7) {
      const once = modeOf(mode, { mode: before, isDirectory })
      expect(modeOf(mode, { mode: once, isDirectory })).toBe(once)
    }
})

it.each([
  ['0640', true, 0o750],
  ['0640', false, 0o640],
  ['0755', false, 0o644],
  ['0600', true, 0o700],
  ['u=rwX,g=rX,o=', true, 0o750],
  ['u=rwX,g=rX,o=', false, 0o640],
])('modeInTree("%s") of a directory: %s', (mode, isDirectory, after) => {
  expect(modeInTree(mode, { mode: 0o604, isDirectory }).toString(8)).toBe(after.toString(8))
})
