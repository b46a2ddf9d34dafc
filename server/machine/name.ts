import { RekindleError } from '../../schemas/errors.ts'

/** Names become folders, namespaces, control groups and words of other people's programs. */
export function checkMachineName(machine: string): string {
  if (/^[a-z0-9][a-z0-9-]*$/.test(machine)) return machine
  throw new RekindleError({
    code: 'bad-request',
    message: `Cannot have a machine "${machine}": that is no name for one`,
    wanted: 'lower-case letters, digits and hyphens',
  })
}
