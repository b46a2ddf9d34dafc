/** How catalogs that hosts asked for were had, since the server started. In memory alone: metrics are read as rates. */

/**
 * `known`: the host asked again for the same. `found`: the compile cache had it, by what the role reads. `compiled`: it had
 * not. `failed`: the host got none.
 */
export const ways = ['known', 'found', 'compiled', 'failed'] as const
export type Way = (typeof ways)[number]

export interface CatalogTally {
  count(way: Way): void
  read(): Readonly<Record<Way, number>>
}

export function createCatalogTally(): CatalogTally {
  const counts: Record<Way, number> = { known: 0, found: 0, compiled: 0, failed: 0 }
  return {
    count(way) {
      counts[way] += 1
    },
    read: () => ({ ...counts }),
  }
}
