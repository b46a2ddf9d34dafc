import { expect, test } from 'vitest'
import type { RebootParams } from '../../schemas/generated/types.ts'
import { parsePackages, type RebootState, reboot } from './reboot.ts'

const nobody: RebootState = { pending: undefined, isArmed: false, isOwn: false }
const asked: RebootState = { ...nobody, pending: 'linux-image' }

test.each<[string, RebootParams, RebootState, string[]]>([
  ['nobody asks', {}, nobody, []],
  ['a package asks', {}, asked, ['reboot: asked for by linux-image -> armed']],
  ['it is armed', {}, { ...asked, isArmed: true, isOwn: true }, []],
  ['another one is armed', {}, { ...asked, isArmed: true }, []],
  ['nobody asks any more', {}, { ...nobody, isArmed: true, isOwn: true }, ['reboot: armed -> not needed']],
  ['nobody asks, and it is not ours', {}, { ...nobody, isArmed: true }, []],
  ['only what notifies it counts', { when: 'refreshed' }, asked, []],
])('diff() when %s', (_title, params, state, changes) => {
  const found = reboot.diff({ id: 'reboot:r', title: 'r', params, where: 'a.ts:1' }, state)
  expect(found.map(({ property, from, to }) => `${property}: ${from} -> ${to}`)).toEqual(changes)
})

test('parsePackages() has each once', () => {
  expect(parsePackages('libc6\nlinux-image\nlibc6\n')).toEqual(['libc6', 'linux-image'])
})
