/**
 * Runs git for one checkout, as the user whose it is. Never as root in another's checkout: its configuration can name
 * programs, which is why git refuses that, and why no safe.directory is set here.
 */
import { dirname } from 'node:path/posix'
import { RekindleError } from '../../../schemas/errors.ts'
import type { ExecResult } from '../../host/exec.ts'
import type { Host } from '../../host/host.ts'
import { cannotApply } from '../cannot-apply.ts'
import { type WantedCheckout, withoutSecrets } from './state.ts'

export interface Git {
  /** @throws RekindleError when git cannot be started, or ends with something else than 0 */
  run(cwd: string, argv: readonly string[], doing: string): Promise<string>
  /** Undefined for any end but 0. */
  ask(cwd: string, argv: readonly string[]): Promise<string | undefined>
}

const settings = [
  ...['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'advice.detachedHead=false'],
  ...['-c', 'gc.auto=0', '-c', 'core.quotePath=false'],
  // A checkout is whole: files that somebody left out of it are missing.
  ...['-c', 'core.sparseCheckout=false'],
]

export function gitOf({ exec }: Host, { id, title, where, params }: WantedCheckout): Git {
  const timeoutMs = (params.timeout ?? 300) * 1000
  const start = (cwd: string, argv: readonly string[]): Promise<ExecResult> =>
    exec
      .run(['git', ...settings, ...argv], {
        cwd,
        timeoutMs,
        // Lists of files and of a remote's names count as a whole.
        keptBytes: 256 * 1024 * 1024,
        env: {
          ...(params.user === undefined ? { HOME: '/root' } : {}),
          ...environment(params.identityFile),
          // Where a checkout is damaged, git would take the next repository above for it, and reset that.
          GIT_CEILING_DIRECTORIES: dirname(title),
        },
        ...(params.user === undefined ? {} : { user: params.user }),
      })
      .catch((cause: unknown) => {
        const isMissing = cause instanceof RekindleError && cause.message.includes('no such program')
        throw new RekindleError({
          code: 'apply-failed',
          message: `Cannot run git for ${id}`,
          where,
          cause,
          hint: isMissing ? 'Declare the package "git" before it' : undefined,
        })
      })
  return {
    async run(cwd, argv, doing) {
      const result = await start(cwd, argv)
      if (result.code === 0) return result.stdout
      throw cannotApply({ id, where }, `${doing}: ${answer(result, timeoutMs)}`, {
        kept: 'what stood there before',
        hint: hintFor(result.stderr),
      })
    },
    async ask(cwd, argv) {
      const { code, stdout } = await start(cwd, argv)
      return code === 0 ? stdout : undefined
    },
  }
}

/** No question to anybody: neither git's own nor ssh's. */
function environment(identityFile: string | undefined): Readonly<Record<string, string>> {
  const identity = identityFile === undefined ? '' : ` -o IdentitiesOnly=yes -i ${identityFile}`
  return {
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_SSH_COMMAND: `ssh -o BatchMode=yes -o ConnectTimeout=20${identity}`,
  }
}

function answer({ stderr, stdout, timedOut }: ExecResult, timeoutMs: number): string {
  if (timedOut) return `git did not end within ${timeoutMs / 1000} seconds and was killed`
  const text = (stderr.trim() === '' ? stdout : stderr).trim()
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  // What git says last is advice.
  return `git answers "${withoutSecrets(lines.slice(0, 4).join('; ')).replace(/\s+/g, ' ')}"`
}

function hintFor(stderr: string): string | undefined {
  if (stderr.includes('Host key verification failed'))
    return "Declare the server's key in /etc/ssh/ssh_known_hosts before it"
  if (/unable to (?:unlink|create|write)|insufficient permission/.test(stderr))
    return 'Something in the checkout belongs to somebody else, as after a git that root ran: give it back with chown -R'
  if (/could not read Username|Permission denied|Authentication failed/.test(stderr))
    return 'The remote wants to know who asks: give an identityFile'
  return undefined
}
