import { describe, expect, it } from 'vitest'
import { role } from '../api/role.ts'
import { compile } from '../api/testing.ts'
import { type UsersOptions, users } from './users.ts'

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBERERERERERERERERERERERERERERERERERERERERER ada@laptop'

const compiled = (options: UsersOptions) =>
  compile(
    role('r', () => {
      users(options)
    }),
  )

describe('users()', () => {
  it('makes accounts without passwords, whose undeclared keys go', () => {
    const catalog = compiled({ people: { ada: { name: 'Ada', groups: ['admins'], keys: [key] } } })
    expect(catalog.find('user', 'ada').params).toEqual({
      comment: 'Ada',
      groups: ['admins'],
      membership: 'inclusive',
      purgeSshKeys: true,
      manageHome: true,
      home: '/home/ada',
      shell: '/bin/bash',
      password: '*',
      expiry: 'never',
    })
    expect(catalog.find('ssh_authorized_key', 'ada 1').params).toMatchObject({
      user: 'ada',
      comment: 'ada@laptop',
    })
    expect(catalog.find('sudoers', 'rekindle-user-ada').params.ensure).toBe('absent')
  })

  it('takes what people and keys have of their own', () => {
    const catalog = compiled({
      purgeKeys: false,
      people: {
        bob: {
          ...{ uid: 2000, shell: '/bin/sh', home: '/srv/bob', expiry: '2027-12-31', password: '$6$x$y' },
          keys: [{ key, options: ['restrict'] }],
          sudo: ['/usr/bin/id'],
        },
      },
    })
    expect(catalog.find('user', 'bob').params).toMatchObject({
      ...{ uid: 2000, shell: '/bin/sh', home: '/srv/bob', expiry: '2027-12-31', purgeSshKeys: false },
    })
    expect(catalog.find('ssh_authorized_key', 'bob 1').params.options).toEqual(['restrict'])
    expect(catalog.find('sudoers', 'rekindle-user-bob').params.rules).toEqual([
      { user: 'bob', commands: ['/usr/bin/id'], noPassword: false, runAs: 'ALL:ALL' },
    ])
  })

  it('gives groups sudo, and takes it back', () => {
    const catalog = compiled({ groups: { admins: { sudo: true, gid: 900 }, readers: {} } })
    expect(catalog.find('group', 'admins').params.gid).toBe(900)
    expect(catalog.find('sudoers', 'rekindle-group-admins').params.rules).toMatchObject([
      { group: 'admins', commands: ['ALL'], noPassword: true },
    ])
    expect(catalog.find('sudoers', 'rekindle-group-readers').params.ensure).toBe('absent')
  })

  it('removes those who have left, and their files when asked', () => {
    expect(compiled({ absent: ['mallory'] }).find('user', 'mallory').params).toEqual({
      ensure: 'absent',
      manageHome: false,
    })
    const gone = compiled({ absent: ['mallory'], removeHomes: true })
    expect(gone.find('user', 'mallory').params.manageHome).toBe(true)
    expect(gone.find('sudoers', 'rekindle-user-mallory').params.ensure).toBe('absent')
  })

  it.each<[object, string]>([
    [
      { people: { ada: { keys: ['hello'] } } },
      'option "people.ada.keys.0": it does not begin with a type of key',
    ],
    [{ people: { ada: { keys: ['ssh-ed25519 AAAA'] } } }, 'option "people.ada.keys.0": it is'],
    [
      { people: { ada: { keys: ['-----BEGIN OPENSSH PRIVATE KEY-----'] } } },
      'it is a private key: give the public one',
    ],
    [{ people: { ada: {} }, absent: ['ada'] }, 'option "absent": ada stands in "people" too'],
    [{ people: { 'Ada L': {} } }, 'Cannot use users: option "people"'],
    [{ people: { ada: { uid: 12 } } }, 'option "people.ada.uid"'],
    [{ people: { ada: { sudo: 'id' } } }, 'option "people.ada.sudo"'],
  ])('refuses %j', (options, said) => {
    expect(() => compiled(options as UsersOptions)).toThrow(said)
    expect(() => compiled(options as UsersOptions)).toThrow('users.test.ts:')
  })
})
