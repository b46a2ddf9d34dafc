/** A plan's groups as policies over changes see them: names and kinds, and no values. Pure. */
import type { ChangedHosts, ChangedResource, FleetChange, PlacedHost } from '../../schemas/fleet-change.ts'
import { parseResourceId } from '../../schemas/resource-id.ts'
import type { CatalogChange, ResourceChange } from './change.ts'

interface PlannedGroup {
  readonly hosts: readonly string[]
  readonly change: CatalogChange
}

export function fleetChangeOf(
  groups: readonly PlannedGroup[],
  places: ReadonlyMap<string, PlacedHost>,
): FleetChange {
  return {
    hosts: [...places.values()],
    groups: groups.map((group) => changedHosts(group, places)),
  }
}

function changedHosts(
  { hosts, change }: PlannedGroup,
  places: ReadonlyMap<string, PlacedHost>,
): ChangedHosts {
  const { resources, refreshes } = change
  const ofKind = (wanted: ResourceChange['kind']) =>
    resources.filter(({ kind }) => kind === wanted).map(({ id }) => resourceOf(id))
  return {
    hosts: hosts.flatMap((host) => places.get(host) ?? []),
    added: ofKind('added'),
    changed: ofKind('changed'),
    removed: ofKind('removed'),
    restarts: refreshes?.restarts ?? [],
    reloads: refreshes?.reloads ?? [],
  }
}

function resourceOf(id: string): ChangedResource {
  return { id, ...parseResourceId(id) }
}
