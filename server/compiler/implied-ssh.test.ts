import { expect, it } from 'vitest'
import { parseResourceId, type ResourceId } from '../../schemas/resource-id.ts'
import { collectedFrom } from './collected.ts'
import type { Declared } from './declared.ts'
import { expand } from './expand.ts'
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

it('a user that purges keys has its purge after the user and after each of its keys', () => {
  const all = expand([
    declare('user:a', { uid: 1500, purgeSshKeys: true }),
    declare('ssh_authorized_key:1', { user: 'a', key: 'K1' }),
    declare('ssh_authorized_key:2', { user: 'a', key: 'K2', ensure: 'absent' }),
    declare('ssh_authorized_key:3', { user: 'b', key: 'K3' }),
  ])
  expect(requireOf('ssh_key_purge:a', ...all)?.toSorted()).toEqual(['ssh_authorized_key:1', 'user:a'])
  expect(all[0]?.params).toEqual({ uid: 1500 })
})

it('a purge gets the keys that are declared for its user, each with its target, and none that is to be absent', () => {
  const all = expand([
    declare('user:a', { purgeSshKeys: ['%h/keys'] }),
    declare('user:b', { purgeSshKeys: false }),
    declare('user:c', { purgeSshKeys: true, ensure: 'absent' }),
    declare('ssh_authorized_key:1', { user: 'a', key: 'K1' }),
    declare('ssh_authorized_key:2', { user: 'a', key: 'K2', target: '/etc/ssh/keys/a' }),
    declare('ssh_authorized_key:3', { user: 'a', key: 'K3', ensure: 'absent' }),
    declare('ssh_authorized_key:4', { user: 'b', key: 'K4' }),
  ])
  const purges = all.filter(({ type }) => type === 'ssh_key_purge')
  expect(purges.map(({ params }) => params)).toEqual([{ files: ['%h/keys'] }])
  expect(purges.map(collectedFrom(all))).toEqual([{ declaredKeys: ['K1', 'K2 /etc/ssh/keys/a'] }])
})

it('a purge is held back and marked as its user is, and has none of its edges', () => {
  const user: Declared = {
    ...declare('user:a', { purgeSshKeys: true }),
    ...{ noop: true, audit: ['purgeSshKeys', 'uid'], tags: ['people'], before: ['ssh_authorized_key:1'] },
  }
  expect(expand([user])[1]).toMatchObject({ noop: true, audit: true, tags: ['people'], before: [] })
  expect(expand([{ ...user, audit: ['uid'] }])[1]).not.toHaveProperty('audit')
})
