import { describe, expect, test } from 'vitest'
import { renderError } from '../../schemas/errors.ts'
import type { UserParams } from '../../schemas/generated/types.ts'
import { type ContractHost, resourceTypeContract } from './contract.ts'
import { memoryPasswd } from './memory-passwd.ts'
import { partialHost } from './partial-host.ts'
import type { Wanted } from './resource-type.ts'
import { type UserState, user } from './user.ts'

const hash = '$6$salt$aHashThatNobodySees'
const account = { name: 'u1', uid: 3000, gid: 3000, comment: 'A B', home: '/home/u1', shell: '/bin/bash' }
const actual: UserState = { account, primary: 'u1', groups: ['app', 'audio'], hash }
const nobody: UserState = { account: undefined, primary: '', groups: [], hash: undefined }

describe('diff()', () => {
  test.each<{ title: string; params: UserParams; state?: UserState; changes: string[] }>([
    { title: 'nothing but the account is wanted', params: {}, changes: [] },
    {
      title: 'everything is as wanted',
      params: {
        uid: 3000,
        group: 'u1',
        groups: ['audio', 'app'],
        shell: '/bin/bash',
        comment: 'A B',
        password: hash,
      },
      changes: [],
    },
    { title: 'it is unlocked and stays for ever', params: { locked: false, expiry: 'never' }, changes: [] },
    {
      title: 'it is locked over its password',
      params: { locked: true, password: hash },
      state: { ...actual, hash: `!${hash}` },
      changes: [],
    },
    { title: 'it should be locked', params: { locked: true }, changes: ['locked: false -> true'] },
    {
      title: 'its password was locked, and locks are not managed',
      params: { password: hash },
      state: { ...actual, hash: `!${hash}` },
      changes: ['password: [redacted] -> [redacted]'],
    },
    {
      title: 'its last day is another',
      params: { expiry: '2027-12-31' },
      state: { ...actual, expiry: '2026-01-01' },
      changes: ['expiry: 2026-01-01 -> 2027-12-31'],
    },
    {
      title: 'its password may stay for other times',
      params: { passwordMinDays: 1, passwordMaxDays: -1, passwordWarnDays: 14 },
      state: { ...actual, age: { min: 0, max: 365, warn: 14 } },
      changes: ['passwordMinDays: 0 -> 1', 'passwordMaxDays: 365 -> -1'],
    },
    { title: 'it is absent as wanted', params: { ensure: 'absent' }, state: nobody, changes: [] },
    {
      title: 'it is missing',
      params: { uid: 3000, password: hash },
      state: nobody,
      changes: ['ensure: absent -> present'],
    },
    { title: 'it should be absent', params: { ensure: 'absent' }, changes: ['ensure: present -> absent'] },
    { title: 'it has more groups than the least', params: { groups: ['audio'] }, changes: [] },
    {
      title: 'a group is missing',
      params: { groups: ['video'] },
      changes: ['groups: app,audio -> app,audio,video'],
    },
    {
      title: 'it has more groups than exactly those',
      params: { groups: ['audio'], membership: 'inclusive' },
      changes: ['groups: app,audio -> audio'],
    },
    {
      title: 'it should have no groups',
      params: { groups: [], membership: 'inclusive' },
      changes: ['groups: app,audio -> '],
    },
    { title: 'its primary group is among the groups', params: { groups: ['u1', 'app'] }, changes: [] },
    { title: 'its primary group is another', params: { group: 'www' }, changes: ['group: u1 -> www'] },
    {
      title: 'a person has edited it',
      params: { uid: 3001, home: '/srv', shell: '/bin/sh', comment: '' },
      changes: [
        'uid: 3000 -> 3001',
        'home: /home/u1 -> /srv',
        'shell: /bin/bash -> /bin/sh',
        'comment: A B -> ',
      ],
    },
    {
      title: 'its password is another',
      params: { password: '!' },
      changes: ['password: [redacted] -> [redacted]'],
    },
    {
      title: 'it has no shadow entry',
      params: { password: '!' },
      state: { ...actual, hash: undefined },
      changes: ['password: [redacted] -> [redacted]'],
    },
  ])('gives $changes when $title', ({ params, state = actual, changes }) => {
    const rendered = user
      .diff(wantedOf(params), state)
      .map(({ property, from, to }) => `${property}: ${from} -> ${to}`)
    expect(rendered).toEqual(changes)
  })
})

describe('apply()', () => {
  test('fails before the account is made when a group does not exist', async () => {
    const passwd = memoryPasswd()
    const error = await failureOf(passwd, { groups: ['nope'], password: hash })
    expect(error).toContain('Cannot apply user:u1: group "nope" does not exist')
    expect(error).not.toContain(hash)
    expect(passwd.accounts.size).toBe(0)
  })

  test('takes a group that has the name of the account as its primary group', async () => {
    const passwd = memoryPasswd()
    await passwd.addGroup('u1', { gid: 5000, system: false })
    await converge(passwd, {})
    expect(passwd.accounts.get('u1')?.gid).toBe(5000)
  })

  test('completes an account that was made without its password and groups', async () => {
    const passwd = memoryPasswd()
    await passwd.addGroup('app', { system: false })
    await passwd.addAccount('u1', { system: false, createHome: false })
    await converge(passwd, { groups: ['app'], password: hash })
    expect(passwd.groups.get('app')?.members).toEqual(['u1'])
    expect(passwd.hashes.get('u1')).toBe(hash)
  })
})

test('read() leaves hashes alone where the password is not managed, and refuses where it may not read them', () => {
  const passwd = memoryPasswd()
  passwd.accounts.set('u1', account)
  passwd.hashes.set('u1', hash)
  const blind = { ...passwd, read: () => ({ ...passwd.read(), hashes: undefined }) }
  expect(user.read(partialHost({ passwd }), [wantedOf({})]).get('user:u1')).toMatchObject({ hash: undefined })
  expect(user.read(partialHost({ passwd: blind }), [wantedOf({})]).get('user:u1')).not.toBeInstanceOf(Error)
  expect(
    user.read(partialHost({ passwd: blind }), [wantedOf({ password: '!' })]).get('user:u1'),
  ).toMatchObject({
    code: 'resource-unreadable',
  })
})

test('a new account gets password, lock and last day, and a second run nothing', async () => {
  const passwd = memoryPasswd()
  const params: UserParams = { password: hash, locked: true, expiry: '2027-12-31', passwordMaxDays: 90 }
  await converge(passwd, params)
  expect(passwd.hashes.get('u1')).toBe(`!${hash}`)
  const state = user.read(partialHost({ passwd }), [wantedOf(params)]).get('user:u1')
  if (state === undefined || state instanceof Error) throw new Error('no state')
  expect(user.diff(wantedOf(params), state)).toEqual([])
})

test('inspect() gives accounts as they would be declared, and no password', async () => {
  const passwd = memoryPasswd()
  await passwd.addGroup('app', { system: false })
  await converge(passwd, { groups: ['app'], shell: '/bin/bash', password: hash })
  const found = await user.inspect(partialHost({ passwd }), undefined)
  expect(found).toMatchObject([{ title: 'u1', params: { group: 'u1', groups: ['app'], shell: '/bin/bash' } }])
  expect(JSON.stringify(found)).not.toContain(hash)
  expect(await user.inspect(partialHost({ passwd }), 'nobody')).toEqual([])
})

const inMemory: ContractHost = {
  open: () => partialHost({ passwd: memoryPasswd() }),
  snapshot: (host) => host.passwd.read(),
}

resourceTypeContract(
  user,
  [
    {
      title: 'it is missing',
      resource: 'u1',
      params: { uid: 3000, groups: ['audio'], shell: '/bin/bash', password: hash },
      breakIt: ({ passwd }) => passwd.addGroup('audio', { system: true }),
      secrets: [hash],
    },
    {
      title: 'a person has set another password and shell',
      resource: 'u1',
      params: { shell: '/bin/bash', password: hash },
      breakIt: async ({ passwd }) => {
        await passwd.addAccount('u1', { system: false, createHome: false })
        await passwd.setPasswordHash('u1', '$6$other$hashOfThePerson')
      },
      secrets: [hash, '$6$other$hashOfThePerson'],
    },
    {
      title: 'it came back',
      resource: 'u1',
      params: { ensure: 'absent' },
      breakIt: ({ passwd }) => passwd.addAccount('u1', { system: false, createHome: false }),
    },
  ],
  inMemory,
)

async function converge(passwd: ReturnType<typeof memoryPasswd>, params: UserParams): Promise<void> {
  const host = partialHost({ passwd })
  const state = user.read(host, [wantedOf(params)]).get('user:u1')
  if (state === undefined || state instanceof Error) throw state
  await user.apply(host, wantedOf(params), state, user.diff(wantedOf(params), state))
}

async function failureOf(passwd: ReturnType<typeof memoryPasswd>, params: UserParams): Promise<string> {
  return renderError(await converge(passwd, params).catch((error: unknown) => error))
}

function wantedOf(params: UserParams): Wanted<UserParams> {
  return { id: 'user:u1', title: 'u1', params, where: 'a.ts:1' }
}
