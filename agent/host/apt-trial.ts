/** What apt says of its own configuration before that is in place. Nothing but apt's lists and caches is written. */
import { aptComplaint, preferencesComplaint, sourceComplaint } from './apt-answer.ts'
import type { ExecResult } from './exec.ts'
import { pause } from './pause.ts'

export interface AptTrial {
  /** Why apt would refuse a directory of sources beside /etc/apt/sources.list; undefined when it would not. */
  refusedSources(directory: string): Promise<string | undefined>
  /** Fetches the lists of one file of sources, and of no other; what could not be fetched, or undefined. */
  fetchLists(sources: string): Promise<string | undefined>
  /** Why apt would refuse a file of preferences; undefined when it would not. */
  refusedPreferences(path: string): Promise<string | undefined>
}

type Run = (argv: readonly string[]) => Promise<ExecResult>

/** Between two looks at a lock that another apt holds. */
const lockPauseMs = 2000

/** @param run with a time limit and LC_ALL=C */
export function createAptTrial(run: Run, lockTimeoutMs: number): AptTrial {
  return {
    refusedSources: async (directory) => {
      const result = await run(['apt-get', `--option=Dir::Etc::sourceparts=${directory}`, 'indextargets'])
      return result.code === 0 ? undefined : aptComplaint(result)
    },
    fetchLists: async (sources) => {
      const argv = [
        ...['apt-get', '--quiet', `--option=Dir::Etc::sourcelist=${sources}`],
        ...['--option=Dir::Etc::sourceparts=/dev/null', '--option=APT::Update::Error-Mode=any'],
        // The lists of all other sources stay.
        ...['--option=APT::Get::List-Cleanup=0', 'update'],
      ]
      return sourceComplaint(await patiently(() => run(argv), { lockTimeoutMs }))
    },
    refusedPreferences: async (path) => {
      const parts = '--option=Dir::Etc::PreferencesParts=/dev/null'
      return preferencesComplaint(
        await run(['apt-cache', `--option=Dir::Etc::Preferences=${path}`, parts, 'policy']),
      )
    },
  }
}

interface Patience {
  readonly lockTimeoutMs: number
  readonly now?: () => number
  readonly wait?: (ms: number) => Promise<unknown>
}

/** apt waits for dpkg's lock by itself, and for that of its lists it does not: a timer of Debian's takes it twice a day. */
export async function patiently(
  run: () => Promise<ExecResult>,
  { lockTimeoutMs, now = () => performance.now(), wait = pause }: Patience,
): Promise<ExecResult> {
  const until = now() + lockTimeoutMs
  for (;;) {
    const result = await run()
    if (!result.stderr.includes('/lists/lock') || now() + lockPauseMs > until) return result
    await wait(lockPauseMs)
  }
}
