import { describe, expect, test } from 'vitest'
import type { SwapParams } from '../../schemas/generated/types.ts'
import { partialHost } from './partial-host.ts'
import { type SwapState, swap } from './swap.ts'

const entry = { device: '/swap', path: 'none', fstype: 'swap', options: ['sw', 'pri=5'], dump: 0, pass: 0 }
const right: SwapState = {
  kind: 'file',
  size: 1_048_576,
  mode: 0o600,
  format: 'swap',
  entries: [entry],
  active: { path: '/swap', priority: 5 },
}
const none: SwapState = { kind: 'absent', size: 0, mode: 0, format: '', entries: [], active: undefined }
const small: SwapParams = { size: '1M', priority: 5 }

test.each<[title: string, params: SwapParams, state: SwapState, changes: string[]]>([
  ['it is in use', small, right, []],
  ['it is of whatever size and priority', {}, right, []],
  ['it is gone', { ensure: 'absent' }, none, []],
  [
    'a device that is not in use is absent',
    { ensure: 'absent' },
    { ...none, kind: 'device', format: 'swap' },
    [],
  ],
  ['only the boot counts', { ...small, live: false }, { ...right, active: undefined }, []],
  [
    'there is none',
    small,
    none,
    ['ensure: absent -> present', 'fstab: absent -> priority 5', 'live: not in use -> in use'],
  ],
  ['it has another size', { ...small, size: '2M' }, right, ['size: 1048576 -> 2097152']],
  ['others may read it', small, { ...right, mode: 0o644 }, ['mode: 0644 -> 0600']],
  [
    'it has another priority',
    { priority: 7 },
    right,
    ['fstab: priority 5 -> priority 7', 'priority: 5 -> 7'],
  ],
  ['it is not formatted', {}, { ...right, kind: 'device', format: '' }, ['format: none -> swap']],
  ['it should go', { ensure: 'absent' }, right, ['ensure: present -> absent']],
])('diff() when %s', (_, params, state, changes) => {
  expect(
    swap.diff(wantedOf(params), state).map(({ property, from, to }) => `${property}: ${from} -> ${to}`),
  ).toEqual(changes)
})

describe('apply() never overwrites what is no swap space', () => {
  test.each<[title: string, params: SwapParams, state: SwapState, message: string]>([
    ['a file', small, { ...right, format: '' }, '"/swap" is a file that holds no swap space'],
    [
      'a file that should go',
      { ensure: 'absent' },
      { ...right, format: 'ext4' },
      '"/swap" is a file that holds ext4',
    ],
    [
      'a file system on a device',
      {},
      { ...right, kind: 'device', format: 'ext4' },
      '"/swap" is a device that holds ext4',
    ],
  ])('%s', async (_, params, state, message) => {
    const wanted = wantedOf(params)
    await expect(swap.apply(partialHost({}), wanted, state, swap.diff(wanted, state))).rejects.toMatchObject({
      message: expect.stringContaining(message),
      kept: 'what stands there',
    })
  })
})

function wantedOf(params: SwapParams) {
  return { id: 'swap:/swap', title: '/swap', params, where: 'a.ts:1' } as const
}
