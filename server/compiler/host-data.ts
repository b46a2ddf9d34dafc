/** What a host sees of a site's data, as the server knows it: so that it tells whether a compiled catalog is another host's too. Pure. */
import { askLayers, type DataScope, resolveData, ruleScope } from '../../schemas/data-layers.ts'
import type { SiteData } from './message.ts'

export interface HostData {
  /** Hosts that look at the same layers get the same object, made once. */
  of(scope: DataScope): object
  /** What rules may ask. */
  forRules(scope: Omit<DataScope, 'roles'>): object
  /** Layers that rules look at, as `Uses.layers`. */
  readonly ruleLayers: readonly string[]
}

export function createHostData({ rules, layers, folder }: SiteData): HostData {
  const resolved = new Map<string, object>()
  function of(scope: DataScope): object {
    const asked = askLayers(rules, scope, (name) => layers.get(name))
    const key = JSON.stringify(asked.flatMap(({ found }) => found?.file ?? []))
    const data = resolved.get(key) ?? resolveData(rules, asked)
    resolved.set(key, data)
    return data
  }
  return {
    of,
    forRules: (scope) => of(ruleScope(scope)),
    ruleLayers: rules.hierarchy.filter((name) => !name.includes('{role}')).map((name) => `${folder}/${name}`),
  }
}
