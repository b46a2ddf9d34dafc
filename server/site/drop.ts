/** What a new catalog leaves out of the one before. Pure. */
import { canonical } from '../../schemas/canonical.ts'
import type { Catalog } from '../../schemas/generated/types.ts'
import { sha256 } from '../../schemas/hash.ts'

export interface Drop {
  /** Ids of resources that the new catalog does not have, in the order of the old one. */
  readonly dropped: readonly string[]
  /** How many the old one has. */
  readonly resources: number
  /** SHA-256 of what is compared: who approves a drop approves this one, on this catalog. */
  readonly evidence: string
}

/** Small catalogs change as a whole: this many may always go. */
const alwaysAllowed = 4

/**
 * What goes, when that is more than `maxDropPercent` of the old catalog's resources; undefined when it is not.
 * A resource that goes is one that is not managed any more: on the host it stays as it is.
 */
export function findDrop(
  before: Pick<Catalog, 'resources'>,
  after: Pick<Catalog, 'resources'>,
  maxDropPercent: number,
): Drop | undefined {
  const kept = new Set(after.resources.map(({ id }) => id))
  const dropped = before.resources.map(({ id }) => id).filter((id) => !kept.has(id))
  const resources = before.resources.length
  if (dropped.length <= alwaysAllowed || dropped.length * 100 <= resources * maxDropPercent) return undefined
  const evidence = sha256(canonical({ before: before.resources.map(({ id }) => id), dropped }))
  return { dropped, resources, evidence }
}
