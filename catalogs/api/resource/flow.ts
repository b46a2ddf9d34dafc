/** What a run says, and what it ends with. */
import type { AuthoredParams } from '../../../schemas/generated/authored.ts'
import { declare, type Metaparams } from '../declare.ts'
import type { TypeRule } from '../parameter.ts'
import type { Reference } from '../reference.ts'

export type NotifyOptions = AuthoredParams['notify'] & Metaparams

/**
 * A message in the report.
 *
 * @example notify('migrated', { message: 'The schema was migrated', refreshOnly: true, subscribe: migration })
 */
export function notify(title: string, options: NotifyOptions = {}): Reference<'notify'> {
  return declare({ type: 'notify', title, options, rule: notifyRule })
}

export const notifyRule: TypeRule = {
  contradictions: ({ always, refreshOnly }) =>
    always === true && refreshOnly === true ? ['"always" and "refreshOnly" exclude each other'] : [],
}

export type RebootOptions = AuthoredParams['reboot'] & Metaparams

/**
 * A reboot, when the host asks for one.
 *
 * @example reboot('updates', { delay: 300, schedule: { range: '02:00-04:00', timeZone: 'Europe/Berlin' } })
 */
export function reboot(title: string, options: RebootOptions = {}): Reference<'reboot'> {
  return declare({ type: 'reboot', title, options, rule: rebootRule })
}

export const rebootRule: TypeRule = {
  contradictions: ({ timing, delay }) =>
    timing === 'now' && delay !== undefined ? ['"delay" does not go with timing "now"'] : [],
}
