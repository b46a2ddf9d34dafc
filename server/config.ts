/** server.json: read and judged once, at start. */
import { readFileSync } from 'node:fs'
import { normalize } from 'node:path'
import { RekindleError } from '../schemas/errors.ts'
import type { ClassifierAddress, GitSite, SecretVault, ServerConfig } from '../schemas/generated/types.ts'
import { validate } from '../schemas/validate.ts'
import { isLoopback, parseListen } from './http/listen.ts'
import { parseRemoteUrl } from './site/git/url.ts'

const leastSecret = 16

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
  if (typeof config.site !== 'string') checkRepository(config.site)
  else if (isWithin(config.site, config.dataDir) || isWithin(config.dataDir, config.site)) {
    throw new RekindleError({
      code: 'config-invalid',
      message:
        'Cannot serve a site that is part of the data: each revision is copied there, and would be the next',
      found: `site ${config.site}, dataDir ${config.dataDir}`,
      wanted: 'two folders of which neither holds the other',
    })
  }
  if (config.nspawn !== undefined && config.command !== undefined) {
    throw new RekindleError({
      code: 'config-invalid',
      message: 'Cannot use two machine drivers: a host would not know which one made its machine',
      found: 'nspawn and command',
      wanted: 'one of them',
    })
  }
  if (config.classifier !== undefined && 'url' in config.classifier) checkClassifier(config.classifier)
  for (const source of config.secrets ?? []) if (source.from === 'vault') checkVault(source)
  return config
}

/** @throws RekindleError `config-invalid` */
function checkVault({ url }: SecretVault): void {
  if (isPrivate(url)) return
  throw new RekindleError({
    code: 'config-invalid',
    message: 'Cannot take secrets from Vault: token and values would cross the network in the clear',
    found: `url ${url}`,
    wanted: 'an https:// address, or one of this machine',
  })
}

/** @throws RekindleError `config-invalid` */
function checkClassifier({ url }: ClassifierAddress): void {
  if (isPrivate(url)) return
  throw new RekindleError({
    code: 'config-invalid',
    message: 'Cannot use the classifier: whoever is between it and the server could say what hosts are',
    found: `url ${url}`,
    wanted: 'an https:// address, or one of this machine',
  })
}

/** @throws RekindleError `config-invalid` */
function checkRepository({ git, tokenFile, identityFile }: GitSite): void {
  parseRemoteUrl(git)
  if (tokenFile !== undefined && !isPrivate(git)) {
    throw new RekindleError({
      code: 'config-invalid',
      message:
        'Cannot use "tokenFile": the token would cross the network in the clear, or not be used at all',
      found: `git ${git}`,
      wanted: 'an https:// address',
    })
  }
  if (identityFile !== undefined && /^\/|^(?!ssh:)[a-z]+:\/\//.test(git)) {
    throw new RekindleError({
      code: 'config-invalid',
      message: 'Cannot use "identityFile": it is for SSH',
      found: `git ${git}`,
      wanted: 'ssh:// or user@host:path',
    })
  }
}

/**
 * The secret that signs calls of the webhook; undefined when there is no webhook.
 *
 * @throws RekindleError `config-invalid`
 */
export function loadWebhookSecret({ site }: ServerConfig): string | undefined {
  if (typeof site === 'string' || site.webhookSecretFile === undefined) return undefined
  const secret = readSecret(site.webhookSecretFile)
  if (secret.length >= leastSecret) return secret
  throw new RekindleError({
    code: 'config-invalid',
    message: `Cannot use the webhook's secret in "${site.webhookSecretFile}": it could be guessed`,
    found: `${secret.length} characters`,
    wanted: `${leastSecret} or more`,
  })
}

function readSecret(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new RekindleError({ code: 'config-invalid', message: `Cannot read the secret in "${path}"`, cause })
  }
}

function isPrivate(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))
}

function isWithin(path: string, folder: string): boolean {
  return `${normalize(path)}/`.startsWith(`${normalize(folder)}/`.replace('//', '/'))
}
