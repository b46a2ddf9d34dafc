import { expect, test, vi } from 'vitest'
import type { RebootParams } from '../../schemas/generated/types.ts'
import type { Notes } from '../host/note.ts'
import type { Timers } from '../host/timer.ts'
import { partialHost } from './partial-host.ts'
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

/** A host in a boot of that name; what is armed and noted stays from boot to boot. */
function hostIn(bootId: string, notes: Map<string, string>) {
  const armed: string[] = []
  const host = partialHost({
    kernel: { read: () => `${bootId}\n`, write: () => {} },
    notes: {
      read: (about) => notes.get(about),
      save: (about, text) => {
        notes.set(about, text)
        return Promise.resolve()
      },
      remove: (about) => {
        notes.delete(about)
      },
    } satisfies Notes,
    timers: {
      list: () => Promise.resolve(armed),
      arm: (name) => {
        armed.push(name)
        return Promise.resolve()
      },
      disarm: () => Promise.resolve(),
    } satisfies Timers,
  })
  return { host, armed }
}

// Counted from the arming, a long delay outlived the wait, and the host was rebooted over and over.
test('the wait after a reboot begins with the reboot, not when it was armed', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    const notes = new Map<string, string>()
    const wanted = {
      id: 'reboot:r',
      title: 'r',
      params: { delay: 7200, atMostEvery: 3600 },
      where: 'a.ts:1',
    } as const
    const first = hostIn('one', notes)
    await reboot.apply(first.host, wanted, asked)
    expect(first.armed).toHaveLength(1)
    vi.advanceTimersByTime(7_260_000)
    const second = hostIn('two', notes)
    await expect(reboot.apply(second.host, wanted, asked)).rejects.toThrow(
      'the host was rebooted a minute ago',
    )
    expect(second.armed).toEqual([])
    vi.advanceTimersByTime(3_600_000)
    await reboot.apply(second.host, wanted, asked)
    expect(second.armed).toHaveLength(1)
  } finally {
    vi.useRealTimers()
  }
})
