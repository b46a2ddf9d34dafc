/** Why a call of apt-get has not done what it was for. */
import { RekindleError } from '../../schemas/errors.ts'
import { aptComplaint, isAboutLists } from './apt-answer.ts'
import { writeTimeoutMs } from './apt-command.ts'
import type { DpkgDatabase, DpkgPackage } from './dpkg-status.ts'
import type { ExecResult } from './exec.ts'

/** What a call of apt-get is for. */
export interface Goal {
  readonly verb: 'install' | 'remove' | 'purge'
  readonly names: readonly string[]
  readonly isDone: (after: DpkgDatabase) => boolean
}

interface Failure {
  readonly goal: Goal
  readonly result: ExecResult
  /** What the last `apt-get update` could not fetch. */
  readonly unfetched: string | undefined
  readonly found: DpkgDatabase
}

export function refusal({ goal: { verb, names }, result, unfetched, found }: Failure): RekindleError {
  const said = aptComplaint(result)
  const quoted = names.map((name) => `"${name}"`).join(', ')
  const timedOut = result.timedOut ? ` within ${writeTimeoutMs / 60_000} minutes` : ''
  const lists =
    unfetched !== undefined && isAboutLists(said) ? `; package lists are missing: ${unfetched}` : ''
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot ${verb} package ${quoted}: apt-get did not succeed${timedOut} and answers "${said}"${lists}`,
    kept: names.map((name) => renderKept(name, found.packages.get(name))).join(', '),
    hint: hintFor(said, names),
  })
}

function hintFor(said: string, names: readonly string[]): string | undefined {
  if (said.includes('--allow-change-held-packages'))
    return `Release the hold: apt-mark unhold ${names.join(' ')}`
  if (said.includes('remove is disabled'))
    return 'Set removeConflicting to true, or declare absent what would be removed'
  return undefined
}

function renderKept(name: string, found: DpkgPackage | undefined): string {
  if (found === undefined || found.state === 'not-installed') return `"${name}" is not installed`
  return `"${name}" ${found.version ?? ''} is ${found.state}`
}
