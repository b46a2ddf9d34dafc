import { expect, it } from 'vitest'
import { parseResourceId, type ResourceId } from '../../schemas/resource-id.ts'
import type { Declared } from './declared.ts'
import { expand } from './expand.ts'

function declare(id: ResourceId, params: Declared['params'] = {}): Declared {
  const none = { require: [], before: [], notify: [], subscribe: [], tags: [] }
  return { ...parseResourceId(id), params, ...none, where: 'site.ts:1' }
}

const files = [
  declare('file:/etc/apt/keyrings/a.gpg'),
  declare('file:key', { path: '/etc/apt/keyrings/b.asc' }),
  declare('file:/etc/apt/keyrings/old.gpg', { ensure: 'absent' }),
  declare('file:/etc/apt/sources.list.d/c.list'),
  declare('file:/etc/apt/preferences.d/d.pref'),
  declare('file:/etc/apt/preferences.d/e'),
  declare('apt_source:f', { signedBy: '/etc/apt/keyrings/f.gpg' }),
  declare('apt_source:g', { signedBy: '/usr/share/keyrings/g.gpg' }),
  declare('apt_source:h', { ensure: 'absent', signedBy: '/etc/apt/keyrings/h.gpg' }),
]

it.each([
  ['purge:apt_key', ['z-*', 'a', 'b', 'f']],
  ['purge:apt_source', ['z-*', 'c']],
  ['purge:apt_pin', ['z-*', 'd', 'e']],
  ['purge:user', ['z-*']],
] as const)('%s keeps what is declared in another way: %j', (id, keep) => {
  const [purge] = expand([declare(id, { keep: ['z-*'] }), ...files])
  expect(purge?.params).toEqual({ keep })
})

it('a purge is as it was written where nothing else is declared', () => {
  expect(expand([declare('purge:apt_key')])[0]?.params).toEqual({})
})
