import { describe, expect, it } from 'vitest'
import { role } from '../api/role.ts'
import { compile } from '../api/testing.ts'
import { type TimeSyncOptions, timeSync } from './time-sync.ts'

type Os = Partial<{ id: string; family: string }>
const compiled = (options?: TimeSyncOptions, virtual = 'kvm', os: Os = {}) =>
  compile(
    role('r', () => {
      timeSync(options)
    }),
    { facts: { virtual, os } },
  )
const textOf = (options?: TimeSyncOptions, os: Os = {}) =>
  compiled(options, 'kvm', os).find(
    'file',
    os.family === 'redhat' ? '/etc/chrony.conf' : '/etc/chrony/chrony.conf',
  ).content

describe('timeSync()', () => {
  it('asks the pool of the distribution, and serves nobody', () => {
    expect(textOf()).toContain('pool 2.debian.pool.ntp.org iburst\n')
    expect(textOf()).toContain('port 0\n')
    expect(textOf({}, { id: 'alma', family: 'redhat' })).toContain('pool pool.ntp.org iburst\n')
    expect(compiled().ids).toEqual(['package:chrony', 'file:/etc/chrony/chrony.conf', 'service:chrony'])
    expect(compiled().find('file', '/etc/chrony/chrony.conf').params.validate).toEqual([
      'chronyd',
      '-p',
      '-f',
      '%',
    ])
  })

  it.each<[TimeSyncOptions, string]>([
    [{ servers: ['a', 'b nts'] }, 'server a iburst\nserver b nts iburst\ndriftfile'],
    [{ pools: ['p maxsources 4'] }, 'pool p maxsources 4 iburst\ndriftfile'],
    [{ serve: ['10.0.0.0/8', '::/0'] }, 'allow 10.0.0.0/8\nallow ::/0\n'],
    [{ maxStepSeconds: 0.5 }, 'makestep 0.5 3\n'],
    [{ settings: ['hwtimestamp *'] }, 'hwtimestamp *\n'],
  ])('%j', (options, expected) => {
    expect(textOf(options)).toContain(expected)
  })

  it('only measures in a container', () => {
    const unit = compiled({}, 'docker').find('systemd_dropin', 'rekindle').params
    expect(unit.sections?.Service?.ExecStart).toEqual(['', '!/usr/sbin/chronyd -x -F 1'])
  })

  it('may be systemd-timesyncd, which does not run in a container', () => {
    const options = { client: 'timesyncd', servers: ['a', 'b'], settings: ['RootDistanceMaxSec=5'] } as const
    const catalog = compiled(options)
    expect(catalog.find('file', '/etc/systemd/timesyncd.conf.d/90-rekindle.conf').content).toBe(
      '[Time]\nNTP=a b\nRootDistanceMaxSec=5\n',
    )
    expect(catalog.find('service', 'systemd-timesyncd').params).toEqual({ enable: true, ensure: 'running' })
    expect(compiled(options, 'lxc').find('service', 'systemd-timesyncd').params).toEqual({ enable: true })
  })

  it.each<[object, string]>([
    [{ client: 'ntpd' }, 'Cannot use timeSync: option "client"'],
    [{ client: 'timesyncd', serve: ['10.0.0.0/8'] }, 'option "serve": systemd-timesyncd has no such thing'],
    [{ client: 'timesyncd', servers: ['a nts'] }, 'takes names alone, and not "a nts"'],
    [{ servers: ['-a'] }, 'option "servers.0"'],
    [{ serve: ['lan'] }, 'option "serve.0"'],
  ])('refuses %j', (options, said) => {
    expect(() => compiled(options as TimeSyncOptions)).toThrow(said)
    expect(() => compiled(options as TimeSyncOptions)).toThrow('time-sync.test.ts:')
  })
})
