import { readFileSync } from 'node:fs'
import { RekindleError } from '../schemas/errors.ts'
import type { AgentConfig } from '../schemas/generated/types.ts'
import { validate } from '../schemas/validate.ts'

/** The agent's configuration with its defaults filled in. */
export type Config = AgentConfig & Required<Pick<AgentConfig, 'stateDir' | 'pollSeconds' | 'splaySeconds'>>

export const defaultConfigPath = '/etc/rekindle/agent.json'
export const defaultStateDir = '/var/lib/rekindle'

/** @throws RekindleError `config-invalid` naming the file and everything that is wrong with it */
export function loadConfig(path: string = defaultConfigPath): Config {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new RekindleError({ code: 'config-invalid', message: `Cannot read "${path}"`, cause })
  }
  const config = validate('config/agent', value, `"${path}"`, 'config-invalid')
  return { stateDir: defaultStateDir, pollSeconds: 1800, splaySeconds: 60, ...config }
}
