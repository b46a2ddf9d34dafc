/**
 * Two runs on a real host, and what the second says: drift or intent. The rows are those of Puppet's corrective-change
 * matrix, by number. Where Rekindle differs on purpose the row says why.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CatalogResource, Report } from '../../schemas/generated/types.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { canRunHosts } from '../lab/prerequisites.ts'
import { bootHost, type OnHost } from './on-host.ts'

const hosts = canRunHosts()

describe.skipIf(!hosts.ok)(`drift or intent${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`, () => {
  let lab: Lab
  let host: OnHost
  beforeAll(async () => {
    lab = await createLab({ name: 'matrix', log: console.log })
    host = await bootHost(lab, 'matrix-1')
  })
  afterAll(() => lab.close())

  const path = '/srv/matrix'
  const file = (params: Record<string, unknown>, more: Partial<CatalogResource> = {}) => [
    host.resource(`file:${path}`, params, more),
  ]
  const A = () => file({ content: 'A\n' })
  const B = () => file({ content: 'B\n' })
  const write = (text: string) => ['sh', '-c', `printf '%s\\n' ${text} > ${path}`]
  const remove = ['rm', '-f', path]
  const command = (params: Record<string, unknown>) => () => [host.resource('exec:step', params)]

  interface Row {
    readonly row: string
    readonly title: string
    /** On the host before the first run. */
    readonly before?: readonly string[]
    readonly first: () => readonly CatalogResource[]
    readonly between?: readonly string[]
    readonly second: () => readonly CatalogResource[]
    /** Whether each run is a no-op; default: none is. */
    readonly noop?: readonly [boolean, boolean]
    readonly status: Report['status']
    readonly cause?: 'drift' | 'intent'
  }

  const rows: readonly Row[] = [
    {
      row: '2',
      title: 'nothing, then a file',
      first: () => [],
      second: A,
      status: 'changed',
      cause: 'intent',
    },
    {
      row: '3',
      title: 'a file that is not declared any more',
      first: A,
      second: () => [],
      status: 'in-sync',
    },
    {
      row: '4',
      title: 'another title',
      first: A,
      second: () => [host.resource(`file:${path}-2`, { content: 'A\n' })],
      status: 'changed',
      cause: 'intent',
    },
    { row: '5', title: 'the same', first: A, second: A, status: 'in-sync' },
    {
      row: '6',
      title: 'a metaparameter is added',
      first: A,
      second: () => file({ content: 'A\n' }, { tags: ['new'], noop: true }),
      status: 'in-sync',
    },
    {
      row: '7',
      title: 'the content is not managed any more',
      first: A,
      second: () => file({}),
      status: 'in-sync',
    },
    {
      row: '8',
      title: 'the same, edited in between',
      first: A,
      between: write('X'),
      second: A,
      status: 'changed',
      cause: 'drift',
    },
    { row: '9', title: 'new content', first: A, second: B, status: 'changed', cause: 'intent' },
    {
      row: '10',
      title: 'new content that somebody has put already',
      first: A,
      between: write('B'),
      second: B,
      status: 'in-sync',
    },
    {
      // Puppet calls it corrective. Here a change that was asked for is intent, so that no release ever burns a host.
      row: '11, put right',
      title: 'new content, edited in between',
      first: A,
      between: write('C'),
      second: B,
      status: 'changed',
      cause: 'intent',
    },
    {
      row: '12',
      title: 'a file, then absent',
      first: A,
      second: () => file({ ensure: 'absent' }),
      status: 'changed',
      cause: 'intent',
    },
    {
      row: '12',
      title: 'absent, then a file',
      first: () => file({ ensure: 'absent' }),
      second: A,
      status: 'changed',
      cause: 'intent',
    },
    {
      row: '12',
      title: 'a link, then absent',
      first: () => file({ target: '/etc/hostname' }),
      second: () => file({ ensure: 'absent' }),
      status: 'changed',
      cause: 'intent',
    },
    {
      // Puppet calls it corrective in every run, which would rebuild the host for ever.
      row: '13, put right',
      title: 'a command without a guard',
      first: command({ command: 'true' }),
      second: command({ command: 'true' }),
      status: 'changed',
      cause: 'intent',
    },
    {
      row: '14',
      title: 'a command whose guard holds',
      first: command({ command: `touch ${path}`, creates: path }),
      second: command({ command: `touch ${path}`, creates: path }),
      status: 'in-sync',
    },
    {
      row: '15',
      title: 'edited, seen by a no-op run',
      first: A,
      between: write('X'),
      second: A,
      noop: [false, true],
      status: 'pending',
      cause: 'drift',
    },
    {
      // Puppet compares with what a no-op run saw. Here a host that never converged has nothing to drift from.
      row: '17 and 18, put right',
      title: 'edited after a first run that was a no-op',
      before: write('O'),
      first: A,
      between: write('X'),
      second: A,
      noop: [true, false],
      status: 'changed',
      cause: 'intent',
    },
    {
      row: '19',
      title: 'never enforced, new content, no-op both times',
      before: write('O'),
      first: A,
      second: B,
      noop: [true, true],
      status: 'pending',
      cause: 'intent',
    },
    {
      row: '20',
      title: 'a path that cannot be written',
      before: ['sh', '-c', `rm -rf ${path} && mkdir -p ${path}/full`],
      first: () => [],
      second: A,
      status: 'failed',
      cause: 'intent',
    },
    {
      row: '22',
      title: 'deleted in between',
      first: A,
      between: remove,
      second: A,
      status: 'changed',
      cause: 'drift',
    },
  ]

  it.each(rows)('row $row: $title: $status $cause', async (row) => {
    await host.output(['sh', '-c', `rm -rf ${path}* /var/lib/rekindle/state.json`])
    if (row.before !== undefined) await host.output(row.before)
    const [noopFirst, noopSecond] = row.noop ?? [false, false]
    await host.apply(row.first(), { noop: noopFirst })
    if (row.between !== undefined) await host.output(row.between)
    const { report } = await host.apply(row.second(), { noop: noopSecond })
    expect(report.status, JSON.stringify(report)).toBe(row.status)
    expect(report.resources.map(({ cause }) => cause)).toEqual(row.cause === undefined ? [] : [row.cause])
    expect(report.counts.drifted).toBe(row.cause === 'drift' ? 1 : 0)
  })

  it('row 16: drift stays drift over any number of no-op runs, and until it is corrected', async () => {
    await host.output(['sh', '-c', `rm -rf ${path}* /var/lib/rekindle/state.json`])
    await host.apply(A())
    await host.output(write('X'))
    for (const noop of [true, true, false]) {
      const { report } = await host.apply(A(), { noop })
      expect(report.resources).toMatchObject([{ outcome: noop ? 'pending' : 'changed', cause: 'drift' }])
    }
    expect((await host.apply(A())).report.status).toBe('in-sync')
  })

  it('row 21: what waits for a failure is skipped, and its drift is told by the run that reaches it', async () => {
    await host.output(['sh', '-c', `rm -rf ${path}* /var/lib/rekindle/state.json`])
    const both = (first: string) => [
      host.resource('exec:first', { command: first, unless: 'test -e /srv/matrix-ok' }),
      ...file({ content: 'A\n' }, { require: ['exec:first'] }),
    ]
    await host.apply(both('touch /srv/matrix-ok'))
    await host.output(['sh', '-c', `rm /srv/matrix-ok; echo X > ${path}`])
    const failed = await host.apply(both('false'))
    expect(failed.report.resources.map(({ outcome }) => outcome)).toEqual(['failed', 'skipped'])
    const { report } = await host.apply(both('touch /srv/matrix-ok'))
    expect(report.resources.find(({ id }) => id === `file:${path}`)).toMatchObject({ cause: 'drift' })
  })
})
