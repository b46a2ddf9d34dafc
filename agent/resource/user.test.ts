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
    {
      title: 'its password stays as long as wanted',
      params: { passwordMinDays: 0, passwordMaxDays: 365, passwordWarnDays: -1 },
      state: { ...actual, age: { min: 0, max: 365, warn: -1 } },
      changes: [],
    },
    {
      title: 'a password that stayed for ever was given 30 days by hand',
      params: { passwordMaxDays: 99_999 },
      state: { ...actual, age: { min: 0, max: 30, warn: 7 } },
      changes: ['passwordMaxDays: 30 -> 99999'],
    },
    { title: 'its id is shared as wanted', params: { uid: 3000, allowDuplicateId: true }, changes: [] },
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

  test('fails before the account is made when another account has its id, and says which', async () => {
    const passwd = memoryPasswd()
    passwd.accounts.set('ada', { ...account, name: 'ada' })
    passwd.accounts.set('bob', { ...account, name: 'bob' })
    const error = await failureOf(passwd, { uid: 3000 })
    expect(error).toContain('Cannot apply user:u1: uid 3000 belongs to "ada", "bob"')
    expect(error).toContain('allowDuplicateId')
    expect(passwd.accounts.has('u1')).toBe(false)
  })

  test('leaves an account as it was when its new id is that of another', async () => {
    const passwd = memoryPasswd()
    passwd.accounts.set('ada', { ...account, name: 'ada', uid: 4000 })
    passwd.accounts.set('u1', account)
    const error = await failureOf(passwd, { uid: 4000, shell: '/bin/sh' })
    expect(error).toContain('uid 4000 belongs to "ada"')
    expect(error).toMatch(/kept: +uid 3000/)
    expect(passwd.accounts.get('u1')).toEqual(account)
  })

  test('takes the id of another account where it may', async () => {
    const passwd = memoryPasswd()
    passwd.accounts.set('ada', { ...account, name: 'ada' })
    await converge(passwd, { uid: 3000, allowDuplicateId: true })
    expect(passwd.accounts.get('u1')?.uid).toBe(3000)
  })

  test('leaves an id alone that two have got already', async () => {
    const passwd = memoryPasswd()
    passwd.accounts.set('ada', { ...account, name: 'ada' })
    passwd.accounts.set('u1', account)
    await converge(passwd, { uid: 3000, shell: '/bin/sh' })
    expect(passwd.accounts.get('u1')?.shell).toBe('/bin/sh')
  })

  test('sets the days of a password that differ, and no others', async () => {
    const passwd = memoryPasswd()
    const asked: unknown[] = []
    const setPasswordAge = (name: string, age: object) => {
      asked.push(age)
      return passwd.setPasswordAge(name, age)
    }
    await passwd.addAccount('u1', { system: false, createHome: false })
    await passwd.setPasswordAge('u1', { max: 30 })
    await converge({ ...passwd, setPasswordAge }, { passwordMaxDays: 365, passwordWarnDays: 7 })
    expect(asked).toEqual([{ max: 365 }])
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

test('inspect() gives what holds people to something, and says where an id is shared', async () => {
  const passwd = memoryPasswd()
  await converge(passwd, { uid: 3000, expiry: '2031-05-06', passwordMinDays: 1, passwordMaxDays: 30 })
  await passwd.addAccount('ada', { system: false, createHome: false, uid: 3000 })
  await passwd.addAccount('bob', { system: true, createHome: false, uid: 4000 })
  await passwd.setPasswordAge('bob', { min: -1, max: -1, warn: -1 })
  const found = await user.inspect(partialHost({ passwd }), undefined)
  const [u1, ada, bob] = found.map(({ params }) => params)
  expect(u1).toMatchObject({
    ...{ allowDuplicateId: true, expiry: '2031-05-06' },
    ...{ passwordMinDays: 1, passwordMaxDays: 30, passwordWarnDays: 7 },
  })
  expect(Object.keys(ada ?? {})).toEqual(['uid', 'group', 'home', 'shell', 'allowDuplicateId'])
  expect(Object.keys(bob ?? {})).toEqual(['uid', 'group', 'home', 'shell'])
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
      title: 'a person has changed how long its password may stay',
      resource: 'u1',
      params: { passwordMinDays: 1, passwordMaxDays: 365, passwordWarnDays: 14 },
      breakIt: async ({ passwd }) => {
        await passwd.addAccount('u1', { system: false, createHome: false })
        await passwd.setPasswordAge('u1', { min: 0, max: 30, warn: 7 })
      },
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
