import { expect, it } from 'vitest'
import { parseResourceId, type ResourceId } from '../../schemas/resource-id.ts'
import { collectedFrom } from './collected.ts'
import type { Declared } from './declared.ts'
import { arrange } from './graph.ts'

function declare(id: ResourceId, params: Declared['params'] = {}): Declared {
  const none = { require: [], before: [], notify: [], subscribe: [], tags: [] }
  return { ...parseResourceId(id), params, ...none, where: 'site.ts:1' }
}

function requireOf(id: ResourceId, ...declarations: readonly Declared[]): readonly ResourceId[] | undefined {
  return arrange(declarations).ordered.find((resource) => resource.id === id)?.require
}

it.each([
  ['/srv/app', { home: '/srv/app' }],
  ['/home/app', {}],
])('a key waits for its user, and for the home %s where that is declared by itself', (home, params) => {
  const key = declare('ssh_authorized_key:a', { user: 'app', key: 'k' })
  const declarations = [key, declare(`file:${home}`, { owner: 'app' }), declare('user:app', params)]
  expect(requireOf('ssh_authorized_key:a', ...declarations)?.toSorted()).toEqual([`file:${home}`, 'user:app'])
})

it('a key with a target waits for the directory of that', () => {
  const key = declare('ssh_authorized_key:a', { user: 'app', key: 'k', target: '/etc/ssh/keys/app' })
  const declarations = [key, declare('file:/home/app'), declare('file:/etc/ssh/keys')]
  expect(requireOf('ssh_authorized_key:a', ...declarations)).toEqual(['file:/etc/ssh/keys'])
})

it('a known host of all users waits for the package that brings /etc/ssh', () => {
  const declarations = [declare('ssh_known_host:git'), declare('package:openssh-client')]
  expect(requireOf('ssh_known_host:git', ...declarations)).toEqual(['package:openssh-client'])
})

it('a user that purges keys gets its own declared ones, each with its target; one that does not gets none', () => {
  const all = [
    declare('user:a', { purgeSshKeys: ['%h/keys'] }),
    declare('user:b', { purgeSshKeys: false }),
    declare('ssh_authorized_key:1', { user: 'a', key: 'K1' }),
    declare('ssh_authorized_key:2', { user: 'a', key: 'K2', target: '/etc/ssh/keys/a' }),
    declare('ssh_authorized_key:3', { user: 'b', key: 'K3' }),
  ]
  expect(all.slice(0, 2).map(collectedFrom(all))).toEqual([
    { declaredSshKeys: ['K1', 'K2 /etc/ssh/keys/a'] },
    {},
  ])
})
