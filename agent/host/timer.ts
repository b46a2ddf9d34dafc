/**
 * Commands that systemd runs later, once, by transient timers: they outlive the agent, so that one that is killed in the
 * meantime loses nothing. They do not outlive the machine's boot.
 */
import { RekindleError } from '../../schemas/errors.ts'
import type { Exec } from './exec.ts'

export interface TimedCommand {
  readonly afterSeconds: number
  readonly argv: readonly string[]
  /** For people who look at `systemctl list-timers`. */
  readonly description: string
  /** Wait, once the time is over, for a run of the agent that is under way; at most ten minutes. */
  readonly afterRun?: boolean
}

export interface Timers {
  /** Names, without suffix, of those that wait or whose command is at work. The pattern is a glob. */
  list(pattern: string): Promise<readonly string[]>
  /** @throws RekindleError `apply-failed` when systemd does not take it, one of that name that waits included */
  arm(name: string, command: TimedCommand): Promise<void>
  /** Returns when it can run no more. One that is not there is no mistake. */
  disarm(name: string): Promise<void>
}

/** Arguments: the lock of runs, then the command. They are data, and no text of the script. */
const waitForRun = `lock=$1; shift; left=600
while [ $left -gt 0 ]; do
  pid=$(sed -n 's/.*"pid":\\([0-9]*\\).*/\\1/p' "$lock" 2>/dev/null) && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null || break
  left=$((left-1)); sleep 1
done
exec "$@"`

const timeoutMs = 30_000

/** @param lockPath what agent/daemon/lock.ts keeps while a run is under way */
export function createTimers(exec: Exec, lockPath: string): Timers {
  const ask = async (argv: readonly string[], about: string) => {
    const result = await exec.run(argv, { timeoutMs })
    if (result.code === 0) return result.stdout
    throw new RekindleError({
      code: 'apply-failed',
      message: `${about}: ${argv[0]} answers "${result.stderr.replace(/\s+/g, ' ').trim()}"`,
    })
  }
  return {
    async list(pattern) {
      const argv = ['systemctl', 'list-units', '--plain', '--no-legend', '--all', '--state=active,activating']
      const about = `Cannot look for the timers "${pattern}"`
      const units = await ask([...argv, '--', `${pattern}.timer`, `${pattern}.service`], about)
      const names = units.split('\n').flatMap((line) => /^(\S+)\.(?:timer|service)\s/.exec(line)?.[1] ?? [])
      return [...new Set(names)]
    },
    async arm(name, { afterSeconds, argv, description, afterRun = false }) {
      const options = ['--quiet', '--collect', `--unit=${name}`, `--description=${description}`]
      const when = [`--on-active=${afterSeconds}s`, '--timer-property=AccuracySec=1s']
      const command = afterRun ? ['/bin/sh', '-c', waitForRun, 'wait', lockPath, ...argv] : argv
      await ask(['systemd-run', ...options, ...when, '--', ...command], `Cannot arm the timer "${name}"`)
    },
    async disarm(name) {
      for (const unit of [`${name}.timer`, `${name}.service`]) {
        const { code, stderr } = await exec.run(['systemctl', '--quiet', 'stop', '--', unit], { timeoutMs })
        // 5: no such unit is loaded.
        if (code === 0 || code === 5) continue
        const answer = stderr.replace(/\s+/g, ' ').trim()
        throw new RekindleError({
          code: 'apply-failed',
          message: `Cannot stop "${unit}": systemctl answers "${answer}"`,
        })
      }
    },
  }
}
