/** Ids of accounts and groups that several have. The shadow tools refuse such an id too, but do not say whose it is. */
import { cannotApply } from '../cannot-apply.ts'
import type { Wanted } from '../resource-type.ts'

interface Claim {
  readonly property: 'uid' | 'gid'
  readonly wanted: number | undefined
  /** Undefined where the account or group is to be made. */
  readonly actual: number | undefined
  /** All on the host, by name. */
  readonly ids: ReadonlyMap<string, number>
}

/** Keeps an id that it has already, also where another has it as well: that was somebody's decision. */
export function refuseTakenId(
  { id, title, where, params }: Wanted<{ readonly allowDuplicateId?: boolean }>,
  { property, wanted, actual, ids }: Claim,
): void {
  if (wanted === undefined || wanted === actual || params.allowDuplicateId === true) return
  const owners = [...ids].filter(([name, other]) => other === wanted && name !== title)
  if (owners.length === 0) return
  const names = owners.map(([name]) => `"${name}"`).join(', ')
  throw cannotApply({ id, where }, `${property} ${wanted} belongs to ${names}`, {
    kept: actual === undefined ? `"${title}" does not exist` : `${property} ${actual}`,
    hint: `Choose another ${property}, or say "allowDuplicateId: true" where both shall have it`,
  })
}

/** The ids that more than one has. */
export function sharedIds(ids: Iterable<number>): ReadonlySet<number> {
  const seen = new Set<number>()
  const shared = new Set<number>()
  for (const id of ids) {
    if (seen.has(id)) shared.add(id)
    seen.add(id)
  }
  return shared
}
