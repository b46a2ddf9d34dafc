/** How git is started: nothing asks, no hook runs, nothing of a repository is followed but its commits. */
import { readFileSync } from 'node:fs'
import type { GitSite } from '../../../schemas/generated/types.ts'
import { type ProgramEnd, plainEnvironment, runProgram } from '../program.ts'
import { parseRemoteUrl } from './url.ts'

export interface GitOptions {
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Runs git in the repository `gitDir`; `extra` joins its environment. */
export type Git = (
  args: readonly string[],
  options: GitOptions,
  extra?: Readonly<Record<string, string>>,
) => Promise<ProgramEnd>

const fixed: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.attributesFile': '/dev/null',
  'core.autocrlf': 'false',
  'core.fsync': 'all',
  'core.bare': 'true',
  'fetch.recurseSubmodules': 'false',
  'submodule.recurse': 'false',
  // What runs on after git has ended would be in the way of the next.
  'gc.autoDetach': 'false',
  'maintenance.autoDetach': 'false',
  'http.lowSpeedLimit': '100',
  'http.lowSpeedTime': '30',
  'i18n.logOutputEncoding': 'UTF-8',
  'log.showSignature': 'false',
}

/** @throws RekindleError `config-invalid`; what reading `tokenFile` throws */
export function gitFor(site: GitSite, gitDir: string): Git {
  const remote = parseRemoteUrl(site.git)
  const env = {
    ...plainEnvironment(),
    LC_ALL: 'C.UTF-8',
    GIT_DIR: gitDir,
    GIT_ALLOW_PROTOCOL: remote.transports,
    GIT_PROTOCOL_FROM_USER: '0',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: 'false',
    SSH_ASKPASS_REQUIRE: 'never',
    GIT_SSH_COMMAND: sshCommand(site),
    GIT_NO_REPLACE_OBJECTS: '1',
    ...configInEnvironment({ ...fixed, ...authorisation(site) }),
  }
  return (args, { timeoutMs, signal }, extra = {}) =>
    runProgram(['git', ...args], { cwd: gitDir, env: { ...env, ...extra }, timeoutMs, signal })
}

/** Git hands this to a shell. */
function sshCommand({ identityFile, knownHostsFile }: GitSite): string {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    'ConnectTimeout=15',
    'ServerAliveInterval=15',
  ]
  if (knownHostsFile !== undefined) {
    // What it pins, the machine's own list does not widen.
    options.push(`UserKnownHostsFile="${knownHostsFile}"`, 'GlobalKnownHostsFile=/dev/null')
  }
  if (identityFile !== undefined) options.push('IdentitiesOnly=yes', `IdentityFile="${identityFile}"`)
  return ['ssh', ...options.flatMap((option) => ['-o', option])].map(quote).join(' ')
}

function quote(word: string): string {
  return /^[\w=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** In the environment and not among the arguments, which every user can list. */
function authorisation({ git, tokenFile }: GitSite): Readonly<Record<string, string>> {
  if (tokenFile === undefined) return {}
  const token = readFileSync(tokenFile, 'utf8').trim()
  // Forges take any name with a token.
  const basic = Buffer.from(token.includes(':') ? token : `token:${token}`).toString('base64')
  return { [`http.${new URL(git).origin}/.extraHeader`]: `Authorization: Basic ${basic}` }
}

function configInEnvironment(config: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(config)
  return Object.fromEntries([
    ['GIT_CONFIG_COUNT', String(entries.length)],
    ...entries.flatMap(([key, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ])
}
