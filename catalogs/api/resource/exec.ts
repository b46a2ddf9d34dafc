/** Commands. */
import type { ResourceParams } from '../../../schemas/generated/types.ts'
import { type Authored, declare, type Metaparams } from '../declare.ts'
import type { Reference } from '../reference.ts'

export type ExecOptions = Authored<ResourceParams['exec']> & Metaparams

/**
 * A command. Without `creates`, `onlyIf`, `unless` or `refreshOnly` it runs in every run.
 *
 * @example exec('reload units', { command: ['systemctl', 'daemon-reload'], refreshOnly: true, subscribe: unit })
 */
export function exec(title: string, options: ExecOptions): Reference<'exec'> {
  return declare({ type: 'exec', title, options })
}
