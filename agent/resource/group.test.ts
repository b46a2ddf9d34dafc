import { expect, test } from 'vitest'
import type { GroupParams } from '../../schemas/generated/types.ts'
import type { Group } from '../host/account.ts'
import { type ContractHost, resourceTypeContract } from './contract.ts'
import { group } from './group.ts'
import { memoryPasswd } from './memory-passwd.ts'
import { partialHost } from './partial-host.ts'

const found: Group = { name: 'app', gid: 2000, members: [] }

test.each<{ title: string; params: GroupParams; actual: typeof found | undefined; changes: string[] }>([
  { title: 'it is there', params: {}, actual: found, changes: [] },
  { title: 'its id is as wanted', params: { gid: 2000, system: true }, actual: found, changes: [] },
  { title: 'it is absent as wanted', params: { ensure: 'absent' }, actual: undefined, changes: [] },
  {
    title: 'it is missing',
    params: { gid: 2000 },
    actual: undefined,
    changes: ['ensure: absent -> present'],
  },
  {
    title: 'it has more members than the least',
    params: { members: ['ada'] },
    actual: { ...found, members: ['bob', 'ada'] },
    changes: [],
  },
  {
    title: 'a member is missing',
    params: { members: ['ada'] },
    actual: { ...found, members: ['bob'] },
    changes: ['members: bob -> ada,bob'],
  },
  {
    title: 'it has others than exactly those',
    params: { members: ['ada'], membership: 'inclusive' },
    actual: { ...found, members: ['bob'] },
    changes: ['members: bob -> ada'],
  },
  {
    title: 'its id is shared as wanted',
    params: { gid: 2000, allowDuplicateId: true },
    actual: found,
    changes: [],
  },
  { title: 'it has another id', params: { gid: 7 }, actual: found, changes: ['gid: 2000 -> 7'] },
  {
    title: 'it should be absent',
    params: { ensure: 'absent' },
    actual: found,
    changes: ['ensure: present -> absent'],
  },
])('diff() gives $changes when $title', ({ params, actual, changes }) => {
  const wanted = { id: 'group:app', title: 'app', params, where: 'a.ts:1' } as const
  expect(
    group.diff(wanted, { found: actual }).map(({ property, from, to }) => `${property}: ${from} -> ${to}`),
  ).toEqual(changes)
})

test.each([undefined, found])(
  'apply() refuses the id of another group by its name, over %j',
  async (before) => {
    const passwd = memoryPasswd()
    passwd.groups.set('staff', { name: 'staff', gid: 50, members: [] })
    if (before !== undefined) passwd.groups.set('app', before)
    const wanted = { id: 'group:app', title: 'app', params: { gid: 50 }, where: 'a.ts:1' } as const
    const host = partialHost({ passwd })
    await expect(group.apply(host, wanted, { found: before })).rejects.toMatchObject({
      code: 'apply-failed',
      message: 'Cannot apply group:app: gid 50 belongs to "staff"',
      kept: before === undefined ? '"app" does not exist' : 'gid 2000',
    })
    expect(passwd.groups.get('app')).toEqual(before)
    await group.apply(host, { ...wanted, params: { gid: 50, allowDuplicateId: true } }, { found: before })
    expect(passwd.groups.get('app')?.gid).toBe(50)
  },
)

test('inspect() says where an id is shared', async () => {
  const passwd = memoryPasswd()
  for (const [name, gid] of [
    ['staff', 50],
    ['twin', 50],
    ['own', 51],
  ] as const)
    await passwd.addGroup(name, { gid, system: false })
  const shared = await group.inspect(partialHost({ passwd }), undefined)
  expect(shared.map(({ params }) => params.allowDuplicateId)).toEqual([true, true, undefined])
})

const inMemory: ContractHost = {
  open: () => partialHost({ passwd: memoryPasswd() }),
  snapshot: (host) => host.passwd.read(),
}

resourceTypeContract(
  group,
  [
    { title: 'it is missing', resource: 'app', params: { gid: 2000 }, breakIt: () => {} },
    {
      title: 'its id was changed',
      resource: 'app',
      params: { gid: 2000 },
      breakIt: ({ passwd }) => passwd.addGroup('app', { gid: 7, system: false }),
    },
    {
      title: 'its members are others',
      resource: 'app',
      params: { members: ['ada'], membership: 'inclusive' },
      breakIt: async ({ passwd }) => {
        await passwd.addGroup('app', { system: false })
        await passwd.setMembers('app', ['bob'])
      },
    },
    {
      title: 'it came back',
      resource: 'app',
      params: { ensure: 'absent' },
      breakIt: ({ passwd }) => passwd.addGroup('app', { system: false }),
    },
  ],
  inMemory,
)
