/** server.json: read and judged once, at start. */
import { readFileSync } from 'node:fs'
import { normalize } from 'node:path'
import { RekindleError } from '../schemas/errors.ts'
import type { ServerConfig } from '../schemas/generated/types.ts'
import { validate } from '../schemas/validate.ts'
import { isLoopback, parseListen } from './http/listen.ts'

/** @throws RekindleError `config-invalid` that names the file and what is wrong in it. */
export function loadConfig(path: string): ServerConfig {
  try {
    return checkConfig(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new RekindleError({
      code: 'config-invalid',
      message: `Cannot read the server's configuration "${path}"`,
      hint: 'The fields are in schemas/config/server.json',
      cause,
    })
  }
}

/** @throws RekindleError `config-invalid`. */
export function checkConfig(value: unknown): ServerConfig {
  const config = validate('config/server', value, 'server.json', 'config-invalid')
  parseListen(config.agentListen, 'agentListen')
  const page = parseListen(config.pageListen, 'pageListen')
  if (config.pageTls !== true && !isLoopback(page.host)) {
    throw new RekindleError({
      code: 'config-invalid',
      message: 'Cannot listen for people: passwords would cross the network in the clear',
      found: `pageListen ${config.pageListen} without pageTls`,
      wanted: 'a loopback address, or "pageTls": true',
    })
  }
  if (isWithin(config.site, config.dataDir) || isWithin(config.dataDir, config.site)) {
    throw new RekindleError({
      code: 'config-invalid',
      message:
        'Cannot serve a site that is part of the data: each revision is copied there, and would be the next',
      found: `site ${config.site}, dataDir ${config.dataDir}`,
      wanted: 'two folders of which neither holds the other',
    })
  }
  return config
}

function isWithin(path: string, folder: string): boolean {
  return `${normalize(path)}/`.startsWith(`${normalize(folder)}/`.replace('//', '/'))
}
