/** All hosts that the server knows, as a compile sees them. */

import type { Facts } from '../../schemas/generated/types.ts'
import type { Attributes } from '../../schemas/trusted.ts'
import { acceptFacts } from '../site/facts.ts'
import type { Db } from '../store/db.ts'
import { listToldFacts, type ToldFacts } from '../store/incarnation.ts'
import { findPackageSet } from '../store/packages.ts'
import type { KnownHost } from './compare.ts'

export interface KnownHosts {
  readonly hosts: readonly KnownHost[]
  /** Names of those that have sent no facts, so that nothing can be compiled for them. */
  readonly unknown: readonly string[]
}

export function readKnownHosts(db: Db, isWanted: (host: string) => boolean): KnownHosts {
  const packages = new Map<string, Facts['packages']>()
  // The columns hold what schemas accepted.
  const packagesOf = (hash: string): Facts['packages'] =>
    packages.get(hash) ?? (JSON.parse(findPackageSet(db, hash) ?? '{}') as Facts['packages'])
  const told = listToldFacts(db).filter(({ host }) => isWanted(host))
  const hosts = told.flatMap(({ host, number, facts, attributes, packagesHash }: ToldFacts) => {
    if (facts === null || number === null) return []
    const known = acceptFacts(JSON.parse(facts))
    if (packagesHash !== null) {
      packages.set(packagesHash, packagesOf(packagesHash))
      known.packages = packagesOf(packagesHash)
    }
    const life = { incarnation: number, attributes: JSON.parse(attributes ?? '{}') as Attributes }
    return [{ name: host, facts: known, life }]
  })
  return { hosts, unknown: told.filter(({ facts }) => facts === null).map(({ host }) => host) }
}
