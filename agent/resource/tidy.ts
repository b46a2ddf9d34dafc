/** Removes old, large or otherwise named files from a directory. What goes is chosen in tidy/choose.ts. */

import { join } from 'node:path/posix'
import { RekindleError } from '../../schemas/errors.ts'
import type { Change, TidyParams } from '../../schemas/generated/types.ts'
import type { Host } from '../host/host.ts'
import type { SweptEntry } from '../host/sweep.ts'
import type { ResourceType, Wanted } from './resource-type.ts'
import { readEach } from './text-file.ts'
import { choose } from './tidy/choose.ts'

type WantedTidy = Wanted<TidyParams>

export interface TidyState {
  /** In the order in which it goes. */
  readonly going: readonly SweptEntry[]
}

/** Named in a report; the rest is counted. */
const mostShown = 200

function read({ sweep }: Host, wanted: readonly WantedTidy[]) {
  return readEach(wanted, (one): TidyState => {
    const root = rootOf(one)
    const { recurse = false, crossMounts = false } = one.params
    const levels = recurse === true ? Number.POSITIVE_INFINITY : recurse === false ? 1 : recurse
    // The clock first: what is written meanwhile is younger.
    const now = sweep.now()
    return { going: choose(one.params, { root, entries: sweep.walk(root, { levels, crossMounts }), now }) }
  })
}

function diff(wanted: WantedTidy, { going }: TidyState): readonly Change[] {
  const shown = going.slice(0, mostShown).map(
    ({ path, kind }): Change => ({
      property: join(rootOf(wanted), path),
      from: kind,
      to: 'absent',
    }),
  )
  if (going.length <= mostShown) return shown
  return [...shown, { property: 'more', from: `${going.length - mostShown} more`, to: 'absent' }]
}

/** One that cannot be removed does not keep the others. */
async function apply(host: Host, wanted: WantedTidy, { going }: TidyState): Promise<void> {
  const { max = Number.POSITIVE_INFINITY, backup } = wanted.params
  if (going.length > max) throw tooMany(wanted, going.length, max)
  const root = rootOf(wanted)
  const failures: unknown[] = []
  for (const entry of going) {
    try {
      if (backup === true && entry.kind !== 'directory') await host.backups.put(join(root, entry.path))
      // What has changed since it was read is not what was chosen, and stays.
      host.sweep.remove(root, entry)
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw incomplete(wanted, failures, going.length)
}

/** Time passes on every host: what has grown old is no sign that someone changed it. */
function canDrift(): boolean {
  return false
}

function rootOf({ title, params }: WantedTidy): string {
  return params.path ?? title
}

function tooMany(wanted: WantedTidy, count: number, max: number): RekindleError {
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot tidy "${rootOf(wanted)}": ${count} entries would be removed, and at most ${max} may be`,
    where: wanted.where,
    kept: 'all of them',
    hint: 'Remove them by hand, or raise max',
  })
}

function incomplete(wanted: WantedTidy, failures: readonly unknown[], count: number): RekindleError {
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot tidy "${rootOf(wanted)}": ${failures.length} of ${count} entries could not be removed`,
    where: wanted.where,
    kept: `${failures.length} of them; the others are gone`,
    cause: failures[0],
  })
}

export const tidy = { name: 'tidy', read, diff, apply, canDrift } satisfies ResourceType<
  TidyParams,
  TidyState
>
