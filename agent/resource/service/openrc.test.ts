import { describe, expect, test } from 'vitest'
import type { ServiceParams } from '../../../schemas/generated/types.ts'
import type { ExecResult } from '../../host/exec.ts'
import { createFileReader } from '../../host/file-reader.ts'
import { partialHost } from '../partial-host.ts'
import { service } from '../service.ts'
import type { WantedService } from './init-system.ts'
import { converge, readOne } from './testing.ts'

/** Recorded of OpenRC 0.45.2 of Debian 12, but for `crashed`, which that build never says: the word is the manual's. */
const shown = ` procps                                                            [  stopped  ]
 hwclock.sh                                                        [  stopped  ]
 dbus                                                              [  crashed  ]
 savecache                                                         [  stopped  ]
 press                                                             [  stopped  ]
 depot                                                             [  started  ]
`
const levels = `              cgroups |                                              sysinit
                depot |      default                                        
                press | boot                                                
            savecache |                        off                          
`
const answers: Readonly<Record<string, Partial<ExecResult>>> = {
  'rc-status --nocolor --servicelist': { stdout: shown },
  'rc-update --nocolor show': { stdout: levels },
}
const up: ServiceParams = { ensure: 'running', enable: true }
const down: ServiceParams = { ensure: 'stopped', enable: false }

const cases: readonly {
  title: string
  name: string
  params: ServiceParams
  changes: readonly string[]
  calls: readonly string[]
}[] = [
  { title: 'runs and is in its runlevel', name: 'depot', params: up, changes: [], calls: [] },
  { title: 'there is none of and should be down', name: 'none', params: down, changes: [], calls: [] },
  { title: 'crashed and should be stopped', name: 'dbus', params: down, changes: [], calls: [] },
  {
    title: 'crashed and should run, and is told so before its start',
    name: 'dbus',
    params: up,
    changes: ['ensure: failed -> running', 'enable: disabled -> enabled'],
    calls: ['rc-service dbus zap', 'rc-service --nocolor dbus start', 'rc-update --nocolor add dbus default'],
  },
  {
    title: 'is in another runlevel',
    name: 'press',
    params: up,
    changes: ['ensure: stopped -> running', 'enable: boot -> enabled'],
    calls: ['rc-service --nocolor press start', 'rc-update --nocolor add press default'],
  },
  {
    title: 'is in the runlevel that was asked for',
    name: 'press',
    params: { enable: true, runlevel: 'boot' },
    changes: [],
    calls: [],
  },
  {
    title: 'should be in no runlevel at all',
    name: 'depot',
    params: down,
    changes: ['ensure: running -> stopped', 'enable: default -> disabled'],
    calls: ['rc-service --nocolor depot stop', 'rc-update --nocolor --all del depot'],
  },
]

describe('a service that', () => {
  test.each(cases)('$title', async ({ name, params, changes, calls }) => {
    expect(await converge(hostWith(), wantedOf(name, params))).toEqual({ changes, calls })
  })
})

test("where the author's own status says that it is down, OpenRC is told so before the start", async () => {
  const { host, asked } = hostWith({ 'pgrep -x depot': { code: 1 } })
  const wanted = wantedOf('depot', { ensure: 'running', status: ['pgrep', '-x', 'depot'] })
  const state = await readOne(host, wanted)
  await service.apply(host, wanted, state, service.diff(wanted, state))
  expect(asked.slice(-2)).toEqual(['rc-service depot zap', 'rc-service --nocolor depot start'])
})

test('several are read with one call for states and one for runlevels', async () => {
  const { host, asked } = hostWith()
  await service.read(host, [wantedOf('depot', up), wantedOf('press', up)])
  expect(asked).toEqual(Object.keys(answers))
})

test('a script that OpenRC does not list is asked for its status', async () => {
  const { host } = hostWith({ 'rc-service --nocolor bare status': { code: 32 } })
  expect(await readOne(host, wantedOf('bare', up))).toMatchObject({ active: 'failed', runs: false })
})

test('a start that fails says what the script printed', async () => {
  const { host } = hostWith({
    'rc-service --nocolor press start': {
      code: 1,
      stderr: ' * press: no configuration\n * ERROR: press failed to start\n',
    },
  })
  const wanted = wantedOf('press', { ensure: 'running' })
  const state = await readOne(host, wanted)
  await expect(service.apply(host, wanted, state, service.diff(wanted, state))).rejects.toMatchObject({
    code: 'apply-failed',
    message: expect.stringContaining('no configuration'),
  })
})

test.each<[ServiceParams['onRefresh'], number, readonly string[]]>([
  [undefined, 0, ['rc-service --nocolor depot restart']],
  ['reload', 0, ['rc-service --nocolor depot reload']],
  ['try-reload-or-restart', 0, ['rc-service --nocolor depot reload']],
  ['try-reload-or-restart', 1, ['rc-service --nocolor depot reload', 'rc-service --nocolor depot restart']],
])('refresh() with onRefresh %s, where a reload ends with %i, calls %j', async (onRefresh, code, calls) => {
  const { host, asked } = hostWith({ 'rc-service --nocolor depot reload': { code } })
  const wanted = wantedOf('depot', onRefresh === undefined ? up : { ...up, onRefresh })
  await service.refresh(host, wanted, await readOne(host, wanted))
  expect(asked.filter((argv) => argv.startsWith('rc-service'))).toEqual(calls)
})

test('inspect lists what rc-service lists', async () => {
  const { host } = hostWith({ 'rc-service --list': { stdout: 'depot\npress\n' } })
  expect(await service.inspect(host, undefined)).toEqual([
    { title: 'depot', params: { ensure: 'running', enable: true } },
    { title: 'press', params: { ensure: 'stopped', enable: true } },
  ])
})

function hostWith(more: Readonly<Record<string, Partial<ExecResult>>> = {}) {
  const asked: string[] = []
  const scripts = ['depot', 'dbus', 'press', 'bare'].map((name) => `/etc/init.d/${name}`)
  const host = partialHost({
    exec: {
      async run(argv) {
        const line = argv.join(' ')
        asked.push(line)
        const answer = { ...answers, ...more }[line]
        return { code: 0, signal: null, stdout: '', stderr: '', timedOut: false, ...answer }
      },
    },
    files: {
      ...createFileReader(),
      exists: (path) => path === '/run/openrc' || scripts.includes(path),
    },
  })
  return { host, asked }
}

function wantedOf(title: string, params: ServiceParams): WantedService {
  return { id: `service:${title}`, title, params, where: 'a.ts:1' }
}
