/** Reads resources through their types; a type that throws makes its resources unreadable, and nothing else. */
import { RekindleError } from '../../schemas/errors.ts'
import type { Change } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import type { Reading } from '../resource/resource-type.ts'
import type { Item, Prepared } from './prepare.ts'

/** Actual state of every resource, with one `read` for each type; an Error stands for what could not be read. */
export async function readAll(
  host: Host,
  byType: Prepared['byType'],
): Promise<ReadonlyMap<ResourceId, unknown>> {
  const actual = new Map<ResourceId, unknown>()
  for (const [type, wanted] of byType) {
    let reading: Reading<unknown>
    try {
      reading = await type.read(host, wanted)
    } catch (error) {
      for (const { id, where } of wanted) actual.set(id, unreadable(id, where, error))
      continue
    }
    for (const { id, where } of wanted) actual.set(id, stateIn(reading, id, where))
  }
  return actual
}

/** Actual state of one resource now, or the Error that kept it from being read. */
export async function readOne(host: Host, { type, wanted }: Item): Promise<unknown> {
  try {
    return stateIn(await type.read(host, [wanted]), wanted.id, wanted.where)
  } catch (error) {
    return unreadable(wanted.id, wanted.where, error)
  }
}

/** The changes with their detail for people; a detail that cannot be had leaves the plain changes. */
export async function explain(
  host: Host,
  { type, wanted, hasSecrets }: Item,
  { actual, changes }: { readonly actual: unknown; readonly changes: readonly Change[] },
): Promise<readonly Change[]> {
  // Its detail would be values.
  if (hasSecrets || type.explain === undefined) return changes
  try {
    return await type.explain(host, wanted, actual, changes)
  } catch {
    // A text diff is a courtesy: failing to make one must not keep a resource from being converged.
    return changes
  }
}

function stateIn(reading: Reading<unknown>, id: ResourceId, where: string): unknown {
  if (!reading.has(id)) return unreadable(id, where, new Error('its type gave no state for it'))
  const state = reading.get(id)
  return state instanceof Error ? unreadable(id, where, state) : state
}

function unreadable(id: ResourceId, where: string, error: unknown): RekindleError {
  if (error instanceof RekindleError) return error
  return new RekindleError({ code: 'resource-unreadable', message: `Cannot read ${id}`, where, cause: error })
}
