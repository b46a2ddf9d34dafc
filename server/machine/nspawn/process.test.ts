import { describe, expect, it } from 'vitest'
import { isAlive, isFirstProcess, leaderOfContainer, nameProcess, parseStat } from './process.ts'

const tail = '1 4021 4021 0 -1 4194560 812 0 0 0 1 2 0 0 20 0 1 0 88123 18432000 1216 18446744073709551615'

describe('parseStat', () => {
  it.each([
    ['systemd-nspawn', 'S'],
    ['a) Z 1 (b', 'R'],
    ['(sd-pam)', 'Z'],
  ])('finds state and start time behind the command "%s"', (command, state) => {
    expect(parseStat(`4021 (${command}) ${state} ${tail}`)).toEqual({ state, startTicks: '88123' })
  })
})

describe('isFirstProcess', () => {
  it.each([
    ['Name:\tsystemd\nNSpid:\t4100\t1\nNSpgid:\t4100\t1\n', true],
    ['Name:\tsystemd-nspawn\nNSpid:\t4100\n', false],
    ['Name:\tsystemd\nNSpid:\t1\n', false],
    ['Name:\tsh\nNSpid:\t4107\t7\n', false],
    ['', false],
  ])('%j: %s', (status, is) => {
    expect(isFirstProcess(status)).toBe(is)
  })
})

it('isAlive() tells a process from a later one with its pid', () => {
  const self = nameProcess(process.pid)
  expect(self).toBeDefined()
  if (self === undefined) return
  expect(isAlive(self)).toBe(true)
  expect(isAlive({ ...self, startTicks: '1' })).toBe(false)
})

it('a process that ended has no name and no container', () => {
  // One above the largest pid that Linux gives.
  expect(nameProcess(4_194_305)).toBeUndefined()
  expect(leaderOfContainer({ pid: 4_194_305, startTicks: '' })).toBeUndefined()
})
