/** Commands. */
import type { AuthoredParams } from '../../../schemas/generated/authored.ts'
import { declare, type Metaparams } from '../declare.ts'
import type { Reference } from '../reference.ts'

export type ExecOptions = AuthoredParams['exec'] & Metaparams

/**
 * A command. Without `creates`, `onlyIf`, `unless` or `refreshOnly` it runs in every run.
 *
 * @example exec('reload units', { command: ['systemctl', 'daemon-reload'], refreshOnly: true, subscribe: unit })
 */
export function exec(title: string, options: ExecOptions): Reference<'exec'> {
  return declare({ type: 'exec', title, options })
}
