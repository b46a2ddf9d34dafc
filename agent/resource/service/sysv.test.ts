import { describe, expect, test } from 'vitest'
import type { ServiceParams } from '../../../schemas/generated/types.ts'
import type { ExecResult } from '../../host/exec.ts'
import { createFileReader, type FileStat } from '../../host/file-reader.ts'
import { partialHost } from '../partial-host.ts'
import { service } from '../service.ts'
import type { WantedService } from './init-system.ts'
import { converge, readOne } from './testing.ts'

const script: FileStat = {
  kind: 'file',
  size: 900,
  mode: 0o755,
  uid: 0,
  gid: 0,
  dev: 1,
  ino: 2,
  mtimeMs: 0,
  ctimeMs: 0,
}
const up: ServiceParams = { ensure: 'running', enable: true }
const down: ServiceParams = { ensure: 'stopped', enable: false }
const started = { '/etc/rc3.d': ['S01legacy'] }
const killed = { '/etc/rc3.d': ['K01legacy'] }

const cases: readonly {
  title: string
  params: ServiceParams
  status: number
  links: Record<string, readonly string[]>
  changes: readonly string[]
  calls: readonly string[]
}[] = [
  { title: 'it runs and has its links', params: up, status: 0, links: started, changes: [], calls: [] },
  { title: 'it rests without links', params: down, status: 3, links: {}, changes: [], calls: [] },
  {
    title: 'it is dead with its pid file left',
    params: down,
    status: 1,
    links: killed,
    changes: [],
    calls: [],
  },
  {
    title: 'it is dead with its pid file left, and should run',
    params: { ensure: 'running' },
    status: 1,
    links: killed,
    changes: ['ensure: failed -> running'],
    calls: ['/etc/init.d/legacy start'],
  },
  {
    title: 'it never had links',
    params: up,
    status: 3,
    links: {},
    changes: ['ensure: stopped -> running', 'enable: disabled -> enabled'],
    calls: ['/etc/init.d/legacy start', 'update-rc.d legacy defaults', 'update-rc.d legacy enable'],
  },
  {
    title: 'its links are turned off',
    params: up,
    status: 0,
    links: killed,
    changes: ['enable: disabled -> enabled'],
    calls: ['update-rc.d legacy enable'],
  },
  {
    title: 'it should be down',
    params: down,
    status: 0,
    links: started,
    changes: ['ensure: running -> stopped', 'enable: enabled -> disabled'],
    calls: ['/etc/init.d/legacy stop', 'update-rc.d legacy disable'],
  },
]

describe('a script, when', () => {
  test.each(cases)('$title', async ({ params, status, links, changes, calls }) => {
    expect(
      await converge(
        hostWith({ links, answers: { '/etc/init.d/legacy status': { code: status } } }),
        wantedOf(params),
      ),
    ).toEqual({ changes, calls })
  })
})

test('Red Hat turns the links with chkconfig', async () => {
  const { host, asked } = hostWith({ tools: ['/sbin/chkconfig'] })
  const wanted = wantedOf({ enable: true })
  const state = await readOne(host, wanted)
  await service.apply(host, wanted, state, service.diff(wanted, state))
  expect(asked).toEqual(['chkconfig legacy on'])
})

test('where neither tool is, the packages are named', async () => {
  const { host } = hostWith({ tools: [] })
  const wanted = wantedOf({ enable: true })
  const state = await readOne(host, wanted)
  await expect(service.apply(host, wanted, state, service.diff(wanted, state))).rejects.toMatchObject({
    code: 'apply-failed',
    hint: expect.stringContaining('init-system-helpers'),
  })
})

test('a script is asked nothing where only its links are managed', async () => {
  const { host, asked } = hostWith({ links: started })
  expect(service.diff(wantedOf({ enable: true }), await readOne(host, wantedOf({ enable: true })))).toEqual(
    [],
  )
  expect(asked).toEqual([])
})

describe('a status that does not tell', () => {
  test.each<[string, Partial<ExecResult>, string]>([
    ['is no word of the script', { code: 2, stdout: 'Usage: legacy {start|stop}\n' }, 'ends with 2'],
    ['is "unknown"', { code: 4 }, 'ends with 4'],
    ['is killed', { code: null, signal: 'SIGSEGV' }, 'ends with SIGSEGV'],
    ['hangs, and ends well when it is killed', { timedOut: true }, 'does not end within 300 seconds'],
  ])('%s', async (_, answer, message) => {
    const { host } = hostWith({ answers: { '/etc/init.d/legacy status': answer } })
    await expect(readOne(host, wantedOf(up))).rejects.toMatchObject({
      code: 'resource-unreadable',
      message: expect.stringContaining(message),
    })
  })

  test('leaves the other services readable', async () => {
    const { host } = hostWith({ answers: { '/etc/init.d/legacy status': { code: 4 } } })
    const other = { ...wantedOf(up), id: 'service:other', title: 'other' } as const
    const reading = await service.read(host, [wantedOf(up), other])
    expect(reading.get('service:legacy')).toBeInstanceOf(Error)
    expect(reading.get('service:other')).toMatchObject({ active: 'running' })
    expect(await service.inspect(host, undefined)).toEqual([
      { title: 'other', params: { ensure: 'running', enable: false } },
    ])
  })
})

describe('refresh()', () => {
  test.each<[ServiceParams, string]>([
    [up, 'restart'],
    [{ ...up, onRefresh: 'reload' }, 'reload'],
    [{ ...up, onRefresh: 'try-reload-or-restart' }, 'force-reload'],
    [{ enable: true }, 'restart'],
  ])('of %j calls %s', async (params, verb) => {
    const { host, asked } = hostWith({ links: started })
    const wanted = wantedOf(params)
    await service.refresh(host, wanted, await readOne(host, wanted))
    expect(asked.at(-1)).toBe(`/etc/init.d/legacy ${verb}`)
  })

  test('starts nothing that rests, whether that is managed or not', async () => {
    const { host, asked } = hostWith({ answers: { '/etc/init.d/legacy status': { code: 3 } } })
    for (const params of [{ enable: true }, down]) {
      const wanted = wantedOf(params)
      await service.refresh(host, wanted, await readOne(host, wanted))
    }
    expect(asked.filter((argv) => argv !== '/etc/init.d/legacy status')).toEqual([])
  })

  test('that fails is a failed refresh', async () => {
    const { host } = hostWith({ answers: { '/etc/init.d/legacy restart': { code: 1, stderr: 'no key\n' } } })
    const state = await readOne(host, wantedOf(up))
    await expect(service.refresh(host, wantedOf(up), state)).rejects.toMatchObject({
      code: 'refresh-failed',
      message: 'Cannot restart service:legacy: it ended with 1:\n  no key',
    })
  })
})

test('a mask is refused with what to use', async () => {
  const { host } = hostWith()
  const wanted = wantedOf({ enable: 'mask' })
  const state = await readOne(host, wanted)
  await expect(service.apply(host, wanted, state, service.diff(wanted, state))).rejects.toMatchObject({
    code: 'apply-failed',
    hint: 'Use enable: false',
  })
})

interface Given {
  readonly links?: Readonly<Record<string, readonly string[]>>
  readonly answers?: Readonly<Record<string, Partial<ExecResult>>>
  readonly tools?: readonly string[]
}

/** Any command that has no answer ends with 0. */
function hostWith({ links = {}, answers = {}, tools = ['/usr/sbin/update-rc.d'] }: Given = {}) {
  const asked: string[] = []
  const lists: Readonly<Record<string, readonly string[]>> = {
    '/etc/init.d': ['README', 'legacy', 'legacy.dpkg-old', 'other', 'skeleton'],
    ...links,
  }
  const host = partialHost({
    exec: {
      async run(argv) {
        const line = argv.join(' ')
        asked.push(line)
        return { code: 0, signal: null, stdout: '', stderr: '', timedOut: false, ...answers[line] }
      },
    },
    files: {
      ...createFileReader(),
      exists: (path) => path === '/etc/init.d' || tools.includes(path),
      list: (path) => lists[path] ?? [],
      realPath: (path) => path,
      stat: (path) => (path.startsWith('/etc/init.d/') ? script : undefined),
    },
  })
  return { host, asked }
}

function wantedOf(params: ServiceParams): WantedService {
  return { id: 'service:legacy', title: 'legacy', params, where: 'a.ts:1' }
}
