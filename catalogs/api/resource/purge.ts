/** Removal of what is not declared. */
import type { AuthoredParams } from '../../../schemas/generated/authored.ts'
import { declare, type Metaparams } from '../declare.ts'
import type { TypeRule } from '../parameter.ts'
import type { Reference } from '../reference.ts'

export type PurgeOptions = AuthoredParams['purge'] & Metaparams

/** Types whose instances a host can list and remove. */
export type PurgeableType = (typeof purgeable)[number]

/**
 * Removes every instance of a type that this catalog does not declare. Files of a directory: `file` with `purge`.
 * Debian from 13 on and Ubuntu have their own apt source in a file, too: declare that or keep it.
 *
 * @example purge('apt_source', { keep: ['debian', 'ubuntu'] })
 */
export function purge(type: PurgeableType, options: PurgeOptions = {}): Reference<'purge'> {
  return declare({ type: 'purge', title: type, options, rule: purgeRule })
}

export const purgeable = ['user', 'group', 'package', 'apt_source', 'apt_key', 'apt_pin', 'cron'] as const

export const purgeRule: TypeRule = {
  wrongTitle: (title) =>
    purgeable.some((type) => type === title) ? undefined : `the title is none of ${purgeable.join(', ')}`,
  contradictions: ({ minUid }, title) =>
    minUid !== undefined && title !== 'user' && title !== 'group'
      ? ['"minUid" goes with user and group only']
      : [],
}
