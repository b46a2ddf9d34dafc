/** Services and what systemd runs. */
import type { ResourceParams } from '../../../schemas/generated/types.ts'
import { type Authored, declare, type Metaparams } from '../declare.ts'
import type { TypeRule } from '../parameter.ts'
import type { Reference } from '../reference.ts'

export type ServiceOptions = Authored<ResourceParams['service']> & Metaparams

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
