/**
 * The authority that signs certificates of services, in `<dataDir>/service-ca`. Not the agents' one, and not below it:
 * what it signs is no agent's identity, and no agent takes it for its server's, whatever names a catalog asks for.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { RekindleError } from '../../schemas/errors.ts'
import { type Issuer, makeIssuer, readIssuer } from './authority.ts'

/** Loads it, or makes it when there is none. */
export async function loadServiceAuthority(
  dataDir: string,
  now: number,
  random: (bytes: number) => Buffer,
): Promise<Issuer> {
  const dir = join(dataDir, 'service-ca')
  if (!existsSync(dir)) await makeIssuer(dir, { name: 'Rekindle services', now, random })
  try {
    return await readIssuer(dir)
  } catch (cause) {
    throw new RekindleError({
      code: 'config-invalid',
      message: `Cannot read the authority of services in "${dir}"`,
      kept: 'the folder, untouched',
      hint: 'Restore it from a backup; a new one means that clients of the services have to trust it anew',
      cause,
    })
  }
}
