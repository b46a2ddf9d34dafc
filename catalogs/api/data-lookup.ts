/** Looks a key, or a section of keys, up for one host, with what each layer had for it. */
import { type DataScope, type ExplainedKey, explainKey } from '../../schemas/data-layers.ts'
import { RekindleError } from '../../schemas/errors.ts'
import { type Data, nodeAt } from './data.ts'
import { leaves } from './data-schema.ts'
import type { DataSource } from './data-source.ts'

/**
 * What a role of that host would get; `key` is empty for all of the data.
 *
 * @throws RekindleError for a key that the schema does not have, and for a layer that is wrong
 */
export function lookUp(
  data: Data,
  layers: DataSource,
  scope: DataScope,
  key: string,
): readonly ExplainedKey[] {
  const path = key === '' ? [] : key.split('.')
  const source = layers.of(scope)
  const asking = { source, host: () => scope.host }
  return [...leaves(nodeAt(data.rules.keys, path), path)].map(({ key: leaf, path: at }) => {
    const explained = explainKey(leaf, at, source.asked(), layers.whereOf)
    try {
      data.assertUsable(leaf, at, explained.value, asking)
      return { ...explained, problem: null }
    } catch (error) {
      if (!(error instanceof RekindleError)) throw error
      return { ...explained, problem: { message: error.message, hint: error.hint ?? null } }
    }
  })
}
