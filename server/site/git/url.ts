/** What a repository's URL may be. Pure. */
import { RekindleError } from '../../../schemas/errors.ts'

export interface RemoteUrl {
  readonly url: string
  /** Transports that git may use for it, as `GIT_ALLOW_PROTOCOL` takes them. */
  readonly transports: string
  /** Whether others on the way could change what is fetched. */
  readonly isPlain: boolean
}

/** Encrypted ones may stand for each other, as an admin's `url.insteadOf` has it; one that is not is only used when asked for. */
const transports: Readonly<Record<string, string>> = {
  https: 'https:ssh',
  ssh: 'https:ssh',
  http: 'http:https:ssh',
  git: 'git:https:ssh',
  file: 'file',
}

/**
 * Refuses what is no plain address: `ext::` and other helpers run programs, a relative path depends on where the server
 * was started, and a password would be seen by everybody who lists processes.
 *
 * @throws RekindleError `config-invalid`
 */
export function parseRemoteUrl(url: string): RemoteUrl {
  const scheme = schemeOf(url)
  const allowed = scheme === undefined ? undefined : transports[scheme]
  if (scheme === undefined || allowed === undefined) {
    throw invalid(
      `its address is none that can be followed`,
      'https://, ssh://, user@host:path, file://, http://, git:// or an absolute path',
    )
  }
  if (/^https?:/.test(url) && URL.canParse(url) && new URL(url).password !== '') {
    throw invalid('its address holds a password, which other users would see', 'the password in tokenFile')
  }
  return { url, transports: allowed, isPlain: scheme === 'http' || scheme === 'git' }
}

function schemeOf(url: string): string | undefined {
  const hasControl = [...url].some((character) => character < ' ' || character === '\u007f')
  if (hasControl || url.startsWith('-') || /^[\w+.-]*::/.test(url)) return undefined
  if (url.startsWith('/')) return 'file'
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//.exec(url)?.[1]
  if (scheme !== undefined) return scheme
  return /^(?:[\w.-]+@)?[\w.-]+:[^:]/.test(url) ? 'ssh' : undefined
}

function invalid(why: string, wanted: string): RekindleError {
  return new RekindleError({
    code: 'config-invalid',
    message: `Cannot follow the repository: ${why}`,
    wanted,
  })
}
