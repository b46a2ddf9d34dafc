import { describe, expect, test } from 'vitest'
import type { ServiceParams } from '../../schemas/generated/types.ts'
import { createFileReader, type FileReader } from '../host/file-reader.ts'
import type { Systemd } from '../host/systemd.ts'
import type { Unit } from '../host/unit.ts'
import { partialHost } from './partial-host.ts'
import type { Wanted } from './resource-type.ts'
import { stateOf } from './service/systemd.ts'
import { service } from './service.ts'

const noFiles = { list: () => [] }
const systemdRuns: FileReader = { ...createFileReader(), exists: (path) => path === '/run/systemd/system' }

const running: Unit = {
  id: 'app.service',
  names: ['app.service'],
  load: 'loaded',
  active: 'active',
  sub: 'running',
  file: 'enabled',
  result: 'success',
  type: 'notify',
  mainPid: 77,
  restarts: 0,
  needsReload: false,
  canReload: true,
  source: '',
}
const stopped: Unit = { ...running, active: 'inactive', sub: 'dead', file: 'disabled', mainPid: 0 }
const masked: Unit = { ...stopped, load: 'masked', file: 'masked' }
const missing: Unit = { ...stopped, load: 'not-found', file: '' }
const looping: Unit = { ...stopped, active: 'activating', sub: 'auto-restart', result: 'exit-code' }
const up: ServiceParams = { ensure: 'running', enable: true }
const down: ServiceParams = { ensure: 'stopped', enable: false }

const cases: { title: string; params: ServiceParams; unit: Unit; changes: string[]; calls: string[] }[] = [
  { title: 'it runs and is enabled', params: up, unit: running, changes: [], calls: [] },
  { title: 'it is stopped and disabled', params: down, unit: stopped, changes: [], calls: [] },
  {
    title: 'it failed and should be stopped',
    params: down,
    unit: { ...stopped, active: 'failed' },
    changes: [],
    calls: [],
  },
  { title: 'there is none and it should be stopped', params: down, unit: missing, changes: [], calls: [] },
  { title: 'it is masked and should be disabled', params: down, unit: masked, changes: [], calls: [] },
  { title: 'nothing is managed', params: {}, unit: masked, changes: [], calls: [] },
  ...['static', 'indirect', 'generated', 'alias'].map((file) => ({
    title: `it is ${file}, so that there is nothing to enable`,
    params: up,
    unit: { ...running, file },
    changes: [],
    calls: [],
  })),
  {
    title: 'it is stopped and disabled, and should be up',
    params: up,
    unit: stopped,
    changes: ['ensure: stopped -> running', 'enable: disabled -> enabled'],
    calls: ['start', 'enable'],
  },
  {
    title: 'it is enabled until the next boot only',
    params: up,
    unit: { ...running, file: 'enabled-runtime' },
    changes: ['enable: enabled-runtime -> enabled'],
    calls: ['enable'],
  },
  {
    title: 'it failed',
    params: up,
    unit: { ...running, active: 'failed', sub: 'failed' },
    changes: ['ensure: failed -> running'],
    calls: ['start'],
  },
  {
    title: 'it restarts for ever and should run',
    params: { ensure: 'running' },
    unit: looping,
    changes: ['ensure: auto-restart -> running'],
    // A start alone left it to systemd's timer, whose restart looked like the end of the repaired service.
    calls: ['stop', 'start'],
  },
  {
    title: 'it restarts for ever and should be stopped',
    params: { ensure: 'stopped' },
    unit: looping,
    changes: ['ensure: auto-restart -> stopped'],
    calls: ['stop'],
  },
  {
    title: 'it should be down',
    params: down,
    unit: running,
    changes: ['ensure: running -> stopped', 'enable: enabled -> disabled'],
    calls: ['stop', 'disable'],
  },
  {
    title: 'it should be stopped and masked',
    params: { ensure: 'stopped', enable: 'mask' },
    unit: running,
    changes: ['ensure: running -> stopped', 'enable: enabled -> masked'],
    calls: ['stop', 'disable', 'mask'],
  },
  {
    title: 'it is masked and should be up',
    params: up,
    unit: masked,
    changes: ['ensure: stopped -> running', 'enable: masked -> enabled'],
    calls: ['unmask', 'start', 'enable'],
  },
  {
    title: 'it is masked and should run, however it starts at boot',
    params: { ensure: 'running' },
    unit: masked,
    changes: ['ensure: stopped -> running'],
    calls: ['unmask', 'start'],
  },
  {
    title: 'it is masked and should run and be masked',
    params: { ensure: 'running', enable: 'mask' },
    unit: masked,
    changes: ['ensure: stopped -> running'],
    calls: ['unmask', 'start', 'mask'],
  },
]

test.each(cases)('diff() gives $changes when $title', ({ params, unit, changes }) => {
  const differences = service.diff(wantedOf(params), stateOf(unit, noFiles))
  expect(differences.map(({ property, from, to }) => `${property}: ${from} -> ${to}`)).toEqual(changes)
})

describe('apply()', () => {
  test.each(cases.filter(({ changes }) => changes.length > 0))(
    'is $calls when $title',
    async ({ params, unit, calls }) => {
      const { host, done } = hostWith(unit)
      await service.apply(
        host,
        wantedOf(params),
        stateOf(unit, noFiles),
        service.diff(wantedOf(params), stateOf(unit, noFiles)),
      )
      expect(done).toEqual(calls)
    },
  )

  test('says what to do when there is no such unit', async () => {
    const { host, done } = hostWith(missing)
    const gone = stateOf(missing, noFiles)
    await expect(
      service.apply(host, wantedOf(up), gone, service.diff(wantedOf(up), gone)),
    ).rejects.toMatchObject({
      message: 'Cannot apply service:app: systemd knows no unit "app.service"',
      where: 'a.ts:1',
    })
    expect(done).toEqual([])
  })
})

describe('applyMany()', () => {
  test('is one call for each thing that is to be done, in the order of a single one', async () => {
    const { host, done } = hostWith(stopped)
    const steps = [
      { params: up, unit: { ...stopped, id: 'a.service' } },
      { params: up, unit: { ...stopped, id: 'b.service' } },
      { params: up, unit: { ...masked, id: 'c.service' } },
      { params: down, unit: { ...running, id: 'd.service' } },
    ].map(({ params, unit }) => {
      const wanted = wantedOf(params)
      const actual = stateOf(unit, noFiles)
      return { wanted, actual, changes: service.diff(wanted, actual) }
    })
    await service.applyMany(host, steps)
    expect(done).toEqual(['unmask', 'start', 'stop', 'enable', 'disable'])
  })
})

test.each([
  { title: 'up', unit: running, calls: ['stop', 'start'] },
  { title: 'on its way up', unit: { ...running, active: 'activating', sub: 'start' }, calls: ['start'] },
])('$title for systemd, and down by its own status, is started by $calls', async ({ unit, calls }) => {
  const { host, done } = hostWith(unit)
  const wanted = wantedOf({ ensure: 'running', status: ['false'] })
  const actual = { ...stateOf(unit, noFiles), active: 'stopped', runs: false, rests: true }
  await service.apply(host, wanted, actual, service.diff(wanted, actual))
  expect(done).toEqual(calls)
})

describe('refresh()', () => {
  test.each<{ title: string; before: Unit; now: Unit; params: ServiceParams; calls: string[] }>([
    { title: 'restarts a unit that runs', before: running, now: running, params: up, calls: ['restart'] },
    {
      title: 'reloads it where that is wanted',
      before: running,
      now: running,
      params: { onRefresh: 'reload' },
      calls: ['reload'],
    },
    {
      title: 'is dropped when this run has started it',
      before: stopped,
      now: running,
      params: up,
      calls: [],
    },
    {
      title: 'is dropped when this run has stopped it',
      before: running,
      now: stopped,
      params: down,
      calls: [],
    },
    { title: 'does not start what does not run', before: stopped, now: stopped, params: {}, calls: [] },
    {
      title: 'is dropped when it was waiting for a restart',
      before: looping,
      now: running,
      params: up,
      calls: [],
    },
  ])('$title', async ({ before, now, params, calls }) => {
    const { host, done } = hostWith(now)
    await service.refresh(host, wantedOf(params), stateOf(before, noFiles))
    expect(done).toEqual(calls)
  })
})

describe('read()', () => {
  test('asks systemd once for all units, by full names', async () => {
    const { host, asked } = hostWith(running)
    await service.read(host, [
      wantedOf(up),
      { ...wantedOf(up), id: 'service:app.service', title: 'app.service' },
    ])
    expect(asked).toEqual([['app.service']])
  })

  test('refuses what is not the name of one unit, and still reads the others', async () => {
    const { host, asked } = hostWith(running)
    const reading = await service.read(host, [
      wantedOf(up),
      { ...wantedOf(up), id: 'service:a*', title: 'a*' },
    ])
    expect(asked).toEqual([['app.service']])
    expect(reading.get('service:app')).toEqual(stateOf(running, noFiles))
    expect(reading.get('service:a*')).toMatchObject({ code: 'resource-unreadable' })
  })
})

describe('an init script under systemd, which calls it generated,', () => {
  const script: Unit = { ...running, file: 'generated', source: '/etc/init.d/app' }
  test.each([
    { title: 'is enabled by a start link', links: ['S01app'], boot: 'enabled', fulfils: [true] },
    { title: 'is disabled by a kill link', links: ['K01app'], boot: 'disabled', fulfils: [false] },
    { title: 'is disabled without links', links: [], boot: 'disabled', fulfils: [false] },
  ])('$title', ({ links, boot, fulfils }) => {
    const files = { list: (path: string) => (path === '/etc/rc3.d' ? links : []) }
    expect(stateOf(script, files)).toMatchObject({ boot, fulfils })
  })

  test('is not taken for one where a generator made it of something else', () => {
    const files = { list: () => ['S01app'] }
    expect(stateOf({ ...script, source: '/etc/fstab' }, files)).toMatchObject({
      boot: 'generated',
      fulfils: [true, false],
    })
  })
})

test('watch() names the link of the running unit, and those that enable and mask it', () => {
  expect(service.watch({ ...wantedOf(up), title: 'apt-daily.timer' })).toEqual([
    '/run/systemd/units/invocation:apt-daily.timer',
    '/etc/systemd/system/timers.target.wants/apt-daily.timer',
    '/etc/systemd/system/apt-daily.timer',
  ])
})

function hostWith(unit: Unit) {
  const done: string[] = []
  const asked: (readonly string[])[] = []
  const act = (verb: string) => async () => {
    done.push(verb)
  }
  const systemd: Systemd = {
    async read(names) {
      asked.push(names)
      return new Map(unit.names.map((name) => [name, unit]))
    },
    start: act('start'),
    stop: act('stop'),
    restart: act('restart'),
    reload: act('reload'),
    reloadOrRestart: act('reloadOrRestart'),
    enable: act('enable'),
    disable: act('disable'),
    mask: act('mask'),
    unmask: act('unmask'),
    journal: async () => [],
    listServices: async () => [],
    reloadFiles: async () => {},
  }
  return {
    host: partialHost({
      systemd,
      files: systemdRuns,
    }),
    done,
    asked,
  }
}

function wantedOf(params: ServiceParams): Wanted<ServiceParams> {
  return { id: 'service:app', title: 'app', params, where: 'a.ts:1' }
}
