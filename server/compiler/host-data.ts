/** What a host sees of a site's data, as the server knows it: so that it tells whether a compiled catalog is another host's too. Pure. */
import { askLayers, type DataScope, resolveData } from '../../schemas/data-layers.ts'
import type { SiteData } from './message.ts'

/** Hosts that look at the same layers get the same object, made once. */
export function createHostData({ rules, layers }: SiteData): (scope: DataScope) => object {
  const resolved = new Map<string, object>()
  return (scope) => {
    const asked = askLayers(rules, scope, (name) => layers.get(name))
    const key = JSON.stringify(asked.flatMap(({ found }) => found?.file ?? []))
    const data = resolved.get(key) ?? resolveData(rules, asked)
    resolved.set(key, data)
    return data
  }
}
