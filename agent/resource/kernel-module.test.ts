import { describe, expect, test } from 'vitest'
import type { KernelModuleParams } from '../../schemas/generated/types.ts'
import { type KernelModuleState, kernelModule } from './kernel-module.ts'
import { partialHost } from './partial-host.ts'

const header = '# Written by Rekindle: edits are lost.\n'
const fileOf = (text: string | undefined) =>
  ({ path: '/x', kind: text === undefined ? 'absent' : 'file', text, mode: 0o644, uid: 0, gid: 0 }) as const
const none: KernelModuleState = {
  live: 'not loaded',
  users: [],
  hasModules: true,
  boot: fileOf(undefined),
  settings: fileOf(undefined),
  loadedBy: [],
}
const loaded: KernelModuleState = { ...none, live: 'loaded', boot: fileOf(`${header}nf_conntrack\n`) }
const barred = fileOf(`${header}blacklist nf_conntrack\ninstall nf_conntrack /bin/false\n`)

test.each<[title: string, params: KernelModuleParams, state: KernelModuleState, changes: string[]]>([
  ['it is loaded', {}, loaded, []],
  ['it is built in', {}, { ...loaded, live: 'built in' }, []],
  ['it is not', { ensure: 'absent' }, none, []],
  ['it is barred', { ensure: 'blacklisted' }, { ...none, settings: barred }, []],
  ['only the boot counts', { live: false }, { ...loaded, live: 'not loaded' }, []],
  [
    'its options are in whatever order',
    { options: { b: 'x', a: 1 } },
    { ...loaded, settings: fileOf(`${header}options nf_conntrack a=1 b=x\n`) },
    [],
  ],
  ['it is not loaded', {}, none, ['boot: absent -> nf_conntrack', 'live: not loaded -> loaded']],
  ['it has no options', { options: { a: 1 } }, loaded, ['options: absent -> options nf_conntrack a=1']],
  [
    'it should be barred',
    { ensure: 'blacklisted' },
    loaded,
    [
      'boot: nf_conntrack -> absent',
      'blacklist: absent -> blacklist nf_conntrack; install nf_conntrack /bin/false',
      'live: loaded -> not loaded',
    ],
  ],
  [
    'another file loads it',
    { ensure: 'absent' },
    { ...none, loadedBy: ['/etc/modules-load.d/x.conf'] },
    ['loadedBy: /etc/modules-load.d/x.conf -> none'],
  ],
])('diff() when %s', (_, params, state, changes) => {
  expect(
    kernelModule
      .diff(wantedOf(params), state)
      .map(({ property, from, to }) => `${property}: ${from} -> ${to}`),
  ).toEqual(changes)
})

describe('apply()', () => {
  test('says what holds a module that is to be unloaded', async () => {
    const host = partialHost({
      exec: {
        run: async () => ({
          code: 1,
          signal: null,
          stdout: '',
          stderr: 'modprobe: FATAL: Module nf_conntrack is in use.\n',
          timedOut: false,
        }),
      },
    })
    const state: KernelModuleState = { ...none, live: 'loaded', users: ['nf_nat', 'xt_conntrack'] }
    const wanted = wantedOf({ ensure: 'absent' })
    await expect(
      kernelModule.apply(host, wanted, state, kernelModule.diff(wanted, state)),
    ).rejects.toMatchObject({
      message: expect.stringContaining('Module nf_conntrack is in use'),
      hint: 'Held by nf_nat, xt_conntrack',
    })
  })

  test('refuses to unload what is built in, without trying', async () => {
    const state: KernelModuleState = { ...none, live: 'built in' }
    const wanted = wantedOf({ ensure: 'absent' })
    await expect(
      kernelModule.apply(partialHost({}), wanted, state, kernelModule.diff(wanted, state)),
    ).rejects.toMatchObject({ message: expect.stringContaining('it is built into the kernel') })
  })
})

function wantedOf(params: KernelModuleParams) {
  return { id: 'kernel_module:nf-conntrack', title: 'nf-conntrack', params, where: 'a.ts:1' } as const
}
