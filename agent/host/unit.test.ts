import { describe, expect, test } from 'vitest'
import { isRunning, isStopped, isUnitName, parseUnits, unitNameOf } from './unit.ts'

/** systemd 252: `systemctl show` of units that run, do not exist, are masked, have an alias, and restart for ever. */
const shown = `Type=notify
MainPID=31
Result=success
NRestarts=0
Id=dbus.service
Names=dbus.service
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=static
CanReload=yes
NeedDaemonReload=no

Type=
MainPID=0
Result=success
NRestarts=0
Id=nope.service
Names=nope.service
LoadState=not-found
ActiveState=inactive
SubState=dead
UnitFileState=
CanReload=no
NeedDaemonReload=no

Type=
MainPID=0
Result=success
NRestarts=0
Id=systemd-pstore.service
Names=systemd-pstore.service
LoadState=masked
ActiveState=inactive
SubState=dead
UnitFileState=masked
CanReload=no
NeedDaemonReload=no

Type=simple
MainPID=0
Result=success
NRestarts=0
Id=alias.service
Names=alias.service other.service
LoadState=loaded
ActiveState=inactive
SubState=dead
UnitFileState=enabled
CanReload=no
NeedDaemonReload=yes

Type=simple
MainPID=0
Result=exit-code
NRestarts=3
Id=loop.service
Names=loop.service
LoadState=loaded
ActiveState=activating
SubState=auto-restart
UnitFileState=disabled
CanReload=no
NeedDaemonReload=no

Id=apt-daily.timer
Names=apt-daily.timer
LoadState=loaded
ActiveState=active
SubState=waiting
UnitFileState=enabled
Result=success
CanReload=no
NeedDaemonReload=no
`

describe('parseUnits()', () => {
  const units = parseUnits(shown)

  test.each([
    [
      'dbus.service',
      { active: 'active', sub: 'running', file: 'static', type: 'notify', mainPid: 31, canReload: true },
    ],
    ['nope.service', { load: 'not-found', active: 'inactive', file: '' }],
    ['systemd-pstore.service', { load: 'masked', file: 'masked' }],
    ['alias.service', { id: 'alias.service', file: 'enabled', needsReload: true }],
    ['loop.service', { active: 'activating', sub: 'auto-restart', result: 'exit-code', restarts: 3 }],
    ['apt-daily.timer', { active: 'active', type: '' }],
  ])('reads %s', (name, wanted) => {
    expect(units.get(name)).toMatchObject(wanted)
  })

  test('an alias leads to the unit itself', () => {
    expect(units.get('other.service')).toBe(units.get('alias.service'))
  })

  test('an empty answer has no units', () => {
    expect(parseUnits('').size).toBe(0)
  })

  test.each([
    { name: 'dbus.service', running: true, stopped: false },
    { name: 'apt-daily.timer', running: true, stopped: false },
    { name: 'nope.service', running: false, stopped: true },
    { name: 'loop.service', running: false, stopped: false },
  ])('$name is running: $running, stopped: $stopped', ({ name, running, stopped }) => {
    const unit = units.get(name)
    expect(unit && isRunning(unit)).toBe(running)
    expect(unit && isStopped(unit)).toBe(stopped)
  })

  test('a unit that is still on its way up is running', () => {
    const unit = units.get('dbus.service')
    expect(unit && isRunning({ ...unit, active: 'activating', sub: 'start-pre' })).toBe(true)
  })
})

test.each([
  ['nginx', 'nginx.service'],
  ['nginx.service', 'nginx.service'],
  ['apt-daily.timer', 'apt-daily.timer'],
  ['org.example.app', 'org.example.app.service'],
])('unitNameOf("%s") is "%s"', (title, name) => {
  expect(unitNameOf(title)).toBe(name)
})

test.each([
  ['nginx.service', true],
  ['getty@tty1.service', true],
  ['dev-disk-by\\x2duuid-1.device', true],
  ['getty@.service', false],
  ['a*.service', false],
  ['foo bar.service', false],
  ['-H.service', false],
  ['.service', false],
  ['nginx', false],
  [`${'x'.repeat(300)}.service`, false],
])('isUnitName("%s") is %s', (name, is) => {
  expect(isUnitName(name)).toBe(is)
})
