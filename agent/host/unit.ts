/** Pure: names and states of systemd units, as `systemctl show` prints them. */

/** What systemd says of one unit. Words are systemd's own (`systemctl --state=help`). */
export interface Unit {
  /** Its one true name: an alias such as `sshd.service` leads to `ssh.service`. */
  readonly id: string
  readonly names: readonly string[]
  /** `loaded`, `not-found`, `masked`, `bad-setting`, `error`. */
  readonly load: string
  /** `active`, `reloading`, `inactive`, `failed`, `activating`, `deactivating`. */
  readonly active: string
  readonly sub: string
  /** `enabled`, `disabled`, `static`, `masked`, ...; empty when there is no unit file. */
  readonly file: string
  /** Why the last run ended: `success`, `exit-code`, `timeout`, ...; empty for units that run nothing. */
  readonly result: string
  /** Of a service: `simple`, `exec`, `forking`, `oneshot`, `dbus`, `notify`, `idle`; empty for other units. */
  readonly type: string
  /** 0 when none runs. */
  readonly mainPid: number
  /** Automatic restarts since it was last started by someone. */
  readonly restarts: number
  /** Its files were changed since systemd read them. */
  readonly needsReload: boolean
  /** It says how to reload without a restart. */
  readonly canReload: boolean
  /** What a generator made it from, such as `/etc/init.d/ssh`; empty for others. */
  readonly source: string
}

const keys = {
  id: 'Id',
  names: 'Names',
  load: 'LoadState',
  active: 'ActiveState',
  sub: 'SubState',
  file: 'UnitFileState',
  result: 'Result',
  type: 'Type',
  mainPid: 'MainPID',
  restarts: 'NRestarts',
  needsReload: 'NeedDaemonReload',
  canReload: 'CanReload',
  source: 'SourcePath',
} satisfies Record<keyof Unit, string>

/** For `systemctl show --property=`. */
export const unitProperties: string = Object.values(keys).join(',')

const suffixes = 'service|socket|device|mount|automount|swap|target|path|timer|slice|scope'
const withSuffix = new RegExp(`\\.(${suffixes})$`)
const whole = new RegExp(`^(?!-)[A-Za-z0-9:_.\\\\@-]*[A-Za-z0-9:_.\\\\-]\\.(${suffixes})$`)

/** @example unitNameOf('nginx') // 'nginx.service' */
export function unitNameOf(title: string): string {
  return withSuffix.test(title) ? title : `${title}.service`
}

/**
 * Whether systemd takes it for the name of one unit. Others must not reach systemctl: a pattern would mean many units,
 * and one bad name spoils the answer for all.
 */
export function isUnitName(name: string): boolean {
  return name.length < 256 && whole.test(name)
}

/** The blocks of `systemctl show`, by every name that a unit answers to. */
export function parseUnits(shown: string): ReadonlyMap<string, Unit> {
  const units = new Map<string, Unit>()
  for (const block of shown.split('\n\n')) {
    const unit = parseUnit(block)
    if (unit === undefined) continue
    for (const name of [unit.id, ...unit.names]) units.set(name, unit)
  }
  return units
}

function parseUnit(block: string): Unit | undefined {
  const values = new Map<string, string>()
  for (const line of block.split('\n')) {
    const equals = line.indexOf('=')
    if (equals > 0) values.set(line.slice(0, equals), line.slice(equals + 1))
  }
  const value = (key: keyof Unit): string => values.get(keys[key]) ?? ''
  if (value('id') === '') return undefined
  return {
    id: value('id'),
    names: value('names').split(' '),
    load: value('load'),
    active: value('active'),
    sub: value('sub'),
    file: value('file'),
    result: value('result'),
    type: value('type'),
    mainPid: Number(value('mainPid')),
    restarts: Number(value('restarts')),
    needsReload: value('needsReload') === 'yes',
    canReload: value('canReload') === 'yes',
    source: value('source'),
  }
}

/** Whether it does its work, or is on the way to it; a unit that waits for its next restart after a crash does not. */
export function isRunning(unit: Pick<Unit, 'active' | 'sub'>): boolean {
  switch (unit.active) {
    case 'active':
    case 'reloading':
    case 'refreshing':
      return true
    case 'activating':
      return unit.sub !== 'auto-restart' && unit.sub !== 'auto-restart-queued'
    default:
      return false
  }
}

/** Whether it has come to rest. A unit that waits for its next restart, or is on its way down, has not. */
export function isStopped(unit: Pick<Unit, 'active'>): boolean {
  return ['inactive', 'failed'].includes(unit.active)
}
