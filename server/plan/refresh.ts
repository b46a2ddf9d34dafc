/** Which services a change of a catalog would restart or reload through subscriptions. Pure. */
import type { CatalogResource } from '../../schemas/generated/types.ts'

/** Ids of services, in the catalog's order. */
export interface Refreshes {
  readonly restarts: readonly string[]
  readonly reloads: readonly string[]
}

/**
 * As the agent does it: what changed notifies, and what was refreshed notifies on. A service that is new is started, one
 * that is to be stopped is left alone, and what is under `noop` neither changes nor is refreshed.
 *
 * @param changed ids of resources whose change would be seen on the host
 */
export function findRefreshes(
  before: readonly CatalogResource[],
  after: readonly CatalogResource[],
  changed: Iterable<string>,
): Refreshes {
  const byId = new Map(after.map((resource) => [resource.id, resource]))
  const refreshed = new Set<string>()
  const notifying = new Set(changed)
  for (const id of notifying) {
    const { noop, notify = [] } = byId.get(id) ?? {}
    if (noop === true) continue
    for (const target of notify) {
      if (byId.get(target)?.noop === true) continue
      refreshed.add(target)
      notifying.add(target)
    }
  }
  const known = new Set(before.map(({ id }) => id))
  const services = after.filter(
    (one) =>
      one.type === 'service' &&
      refreshed.has(one.id) &&
      known.has(one.id) &&
      param(one, 'ensure') !== 'stopped',
  )
  const isReload = (one: CatalogResource) =>
    ['reload', 'try-reload-or-restart'].includes(String(param(one, 'onRefresh')))
  return {
    restarts: services.filter((one) => !isReload(one)).map(({ id }) => id),
    reloads: services.filter(isReload).map(({ id }) => id),
  }
}

function param({ params }: CatalogResource, name: string): unknown {
  return Reflect.get(params, name)
}
