/** What catalogs may purge, the agent has to list and remove. */
import { expect, test } from 'vitest'
import { resourceTypes } from '../agent/resource/registry.ts'
import { purgeable } from '../catalogs/api/resource/purge.ts'

test.each(purgeable)('the agent lists every %s, and its schema has ensure: absent', async (name) => {
  expect(resourceTypes.get(name)?.inspect).toBeTypeOf('function')
  const schema = await import(`../schemas/resource/${name}.json`, { with: { type: 'json' } })
  expect(schema.default.properties.ensure.enum).toContain('absent')
})
