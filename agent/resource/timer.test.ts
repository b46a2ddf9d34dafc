import { expect, it } from 'vitest'
import type { TimerParams } from '../../schemas/generated/types.ts'
import type { Unit } from '../host/unit.ts'
import type { TextFile } from './text-file.ts'
import { type TimerState, timer } from './timer.ts'

const unit: Unit = {
  ...{
    id: 'job.timer',
    names: ['job.timer'],
    load: 'loaded',
    active: 'active',
    sub: 'waiting',
    file: 'enabled',
  },
  ...{
    result: 'success',
    type: '',
    mainPid: 0,
    restarts: 0,
    needsReload: false,
    canReload: false,
    source: '',
  },
}
const text = (content: string): TextFile => ({
  path: '/x',
  kind: 'file',
  text: content,
  mode: 0o644,
  uid: 0,
  gid: 0,
})
const gone: TextFile = { path: '/x', kind: 'absent', text: undefined, mode: 0, uid: 0, gid: 0 }
const params: TimerParams = { command: '/bin/true', onCalendar: 'hourly' }
const asWanted: TimerState = {
  timer: text('[Unit]\nDescription=job\n\n[Timer]\nOnCalendar=hourly\n\n[Install]\nWantedBy=timers.target\n'),
  service: text('[Unit]\nDescription=job\n\n[Service]\nType=oneshot\nExecStart=/bin/true\n'),
  unit,
}

it.each<[string, TimerParams, Partial<TimerState>, readonly string[]]>([
  ['in sync', params, {}, []],
  ['absent and gone', { ensure: 'absent' }, { timer: gone, service: gone }, []],
  ['new', params, { timer: gone, service: gone }, ['ensure']],
  ['to go, half gone', { ensure: 'absent' }, { timer: gone }, ['ensure']],
  ['at another time', { ...params, onCalendar: ['daily', 'Mon 03:00'] }, {}, ['timer']],
  ['of another user', { ...params, user: 'www', environment: { A: 'b c' } }, {}, ['service']],
  ['without its service', params, { service: gone }, ['service']],
  [
    'disabled and stopped',
    params,
    { unit: { ...unit, file: 'disabled', active: 'inactive' } },
    ['enable', 'active'],
  ],
])('diff() of a timer that is %s', (_, wanted, state, properties) => {
  const changes = timer.diff(
    { id: 'timer:job', title: 'job', params: wanted, where: 'a.ts:1' },
    { ...asWanted, ...state },
  )
  expect(changes.map(({ property }) => property)).toEqual(properties)
})
