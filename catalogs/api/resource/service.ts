/** Services and what systemd runs. */
import type { AuthoredParams } from '../../../schemas/generated/authored.ts'
import { declare, type Metaparams } from '../declare.ts'
import type { Params, TypeRule } from '../parameter.ts'
import type { Reference } from '../reference.ts'

export type ServiceOptions = AuthoredParams['service'] & Metaparams

/**
 * A systemd unit.
 *
 * @example service('nginx', { ensure: 'running', enable: true, subscribe: conf })
 */
export function service(name: string, options: ServiceOptions): Reference<'service'> {
  return declare({ type: 'service', title: name, options, rule: serviceRule })
}

export const serviceRule: TypeRule = {
  normaliseTitle: (title) => title.replace(/(.)\.service$/, '$1'),
  wrongTitle: (title) =>
    /^[A-Za-z0-9:_.\\@-]+$/.test(title) ? undefined : 'the title is no name of a systemd unit',
}

export type SystemdUnitOptions = AuthoredParams['systemd_unit'] & Metaparams
export type SystemdDropinOptions = AuthoredParams['systemd_dropin'] & Metaparams
export type TimerOptions = AuthoredParams['timer'] & Metaparams
export type TmpfilesOptions = AuthoredParams['tmpfiles'] & Metaparams
export type SysusersOptions = AuthoredParams['sysusers'] & Metaparams

/**
 * A unit file, checked before it is moved in. The `service` of its name converges after it.
 *
 * @example
 * const unit = systemdUnit('shop.service', { sections: { Service: { ExecStart: '/usr/bin/shop' } } })
 * service('shop', { ensure: 'running', enable: true, subscribe: unit })
 */
export function systemdUnit(name: string, options: SystemdUnitOptions): Reference<'systemd_unit'> {
  return declare({ type: 'systemd_unit', title: name, options, rule: unitRule })
}

/**
 * A drop-in that changes a unit of somebody else's.
 *
 * @example systemdDropin('limits', { unit: 'nginx.service', sections: { Service: { LimitNOFILE: 65536 } } })
 */
export function systemdDropin(name: string, options: SystemdDropinOptions): Reference<'systemd_dropin'> {
  return declare({ type: 'systemd_dropin', title: name, options, rule: dropinRule })
}

/**
 * A command that systemd runs at times.
 *
 * @example timer('backup', { command: '/usr/local/bin/backup', onCalendar: '03:15', persistent: true })
 */
export function timer(name: string, options: TimerOptions): Reference<'timer'> {
  return declare({ type: 'timer', title: name, options, rule: timerRule })
}

/**
 * Volatile and temporary files.
 *
 * @example tmpfiles('shop', { entries: ['d /run/shop 0755 shop shop -'] })
 */
export function tmpfiles(name: string, options: TmpfilesOptions): Reference<'tmpfiles'> {
  return declare({ type: 'tmpfiles', title: name, options, rule: entriesRule })
}

/**
 * System users and groups, the systemd way.
 *
 * @example sysusers('shop', { entries: ['u shop - "The shop" /var/lib/shop'] })
 */
export function sysusers(name: string, options: SysusersOptions): Reference<'sysusers'> {
  return declare({ type: 'sysusers', title: name, options, rule: entriesRule })
}

const suffixed = /^[A-Za-z0-9:_.\\@-]+\.(service|socket|mount|automount|swap|target|path|timer|slice)$/

function isAbsent({ ensure }: Params): boolean {
  return ensure === 'absent'
}

function unitText(params: Params): readonly string[] {
  const given = ['content', 'sections'].filter((name) => params[name] !== undefined)
  if (given.length === 2) return ['"content" and "sections" exclude each other']
  if (isAbsent(params)) return given.map((name) => `"${name}" does not go with ensure "absent"`)
  return given.length === 0 ? ['it needs "content" or "sections"'] : []
}

export const unitRule: TypeRule = {
  wrongTitle: (title) =>
    suffixed.test(title) ? undefined : 'the title is no name of a unit with its suffix, such as shop.service',
  contradictions: unitText,
}

const isFileName = (title: string) => /^[A-Za-z0-9:_@.-]+$/.test(title) && !title.startsWith('.')

export const dropinRule: TypeRule = {
  wrongTitle: (title) => (isFileName(title) ? undefined : 'the title is no name of a file'),
  contradictions: unitText,
}

export const entriesRule: TypeRule = {
  wrongTitle: (title) => (isFileName(title) ? undefined : 'the title is no name of a file'),
  contradictions: (params) =>
    isAbsent(params) || params.entries !== undefined ? [] : ['it needs "entries"'],
}

export const timerRule: TypeRule = {
  wrongTitle: (title) =>
    /^[A-Za-z0-9:_-][A-Za-z0-9:_.-]*$/.test(title) && !/\.(timer|service)$/.test(title)
      ? undefined
      : 'the title is no name of a unit without its suffix',
  contradictions: (params) => {
    if (isAbsent(params)) return []
    const times = ['onCalendar', 'onBootSec', 'onUnitActiveSec'].some((name) => params[name] !== undefined)
    return [
      ...(params.command === undefined ? ['it needs a "command"'] : []),
      ...(times ? [] : ['it needs "onCalendar", "onBootSec" or "onUnitActiveSec"']),
    ]
  },
}
