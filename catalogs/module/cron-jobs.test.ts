import { describe, expect, it } from 'vitest'
import { role } from '../api/role.ts'
import { compile } from '../api/testing.ts'
import { type CronJobsOptions, cronJobs } from './cron-jobs.ts'

const compiled = (...uses: readonly CronJobsOptions[]) =>
  compile(
    role('r', () => {
      for (const options of uses) cronJobs(options)
    }),
  )
const entryOf = (job: object) =>
  compiled({ jobs: { j: { at: '@daily', command: 'x', ...job } } }).find('cron_file', 'rekindle').params
    .entries?.[0]

describe('cronJobs()', () => {
  it('is one file, a lock for each job, and cron itself', () => {
    const catalog = compiled({ jobs: { a: { at: '15 3 * * *', command: 'x', user: 'backup' } } })
    expect(catalog.ids).toEqual([
      'package:cron',
      'file:/var/lib/rekindle-cron',
      'file:/var/lib/rekindle-cron/rekindle.a',
      'cron_file:rekindle',
      'service:cron',
    ])
    expect(catalog.find('file', '/var/lib/rekindle-cron/rekindle.a').params).toMatchObject({
      owner: 'backup',
      mode: '0600',
      replace: false,
    })
    expect(catalog.find('cron_file', 'rekindle').params.environment).toMatchObject({ MAILTO: 'root' })
  })

  it('may be used several times, with files of their own', () => {
    const jobs = { a: { at: '@daily', command: 'x' } }
    const catalog = compiled({ jobs, mailto: 'ops', path: '/bin' }, { jobs, file: 'more' })
    expect(catalog.ids.filter((id) => /^(cron_file|service|package):/.test(id))).toEqual([
      'cron_file:rekindle',
      'package:cron',
      'cron_file:more',
      'service:cron',
    ])
    expect(catalog.find('cron_file', 'rekindle').params.environment).toEqual({ MAILTO: 'ops', PATH: '/bin' })
  })

  it.each<[object, object]>([
    [{ at: '@hourly' }, { special: 'hourly' }],
    [
      { at: '*/5 0,12 1 jan-mar mon' },
      { minute: '*/5', hour: [0, 12], monthday: 1, month: 'jan-mar', weekday: 'mon' },
    ],
    [{ user: 'backup' }, { user: 'backup' }],
    [{ output: 'mail', overlap: true }, { command: 'x' }],
    [{ overlap: true }, { command: "systemd-cat -t cron-j /bin/sh -c 'x'" }],
    [{ output: 'mail' }, { command: "flock -n -E 0 /var/lib/rekindle-cron/rekindle.j /bin/sh -c 'x'" }],
    [{ output: 'mail', overlap: true, timeoutMinutes: 9 }, { command: "timeout -k 10 9m /bin/sh -c 'x'" }],
    [
      { overlap: true, command: "echo 'a'" },
      { command: "systemd-cat -t cron-j /bin/sh -c 'echo '\\''a'\\'''" },
    ],
  ])('%j', (job, entry) => {
    expect(entryOf(job)).toMatchObject(entry)
  })

  it.each<[object, string]>([
    [{ jobs: { a: { at: 'daily', command: 'x' } } }, 'Cannot use cronJobs: option "jobs.a.at"'],
    [{ jobs: { a: { at: '61 * * * *', command: 'x' } } }, 'minute'],
    [{ jobs: { a: { at: '@daily', command: 'a\nb' } } }, 'option "jobs.a.command"'],
    [{ jobs: { 'a b': { at: '@daily', command: 'x' } } }, 'option "jobs"'],
    [{ jobs: { a: { at: '@daily' } } }, 'option "jobs.a.command": wanted a value'],
    [{}, 'option "jobs": wanted a value'],
  ])('refuses %j', (options, said) => {
    expect(() => compiled(options as CronJobsOptions)).toThrow(said)
    expect(() => compiled(options as CronJobsOptions)).toThrow('cron-jobs.test.ts:')
  })
})
