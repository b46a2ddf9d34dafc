import { describe, expect, it } from 'vitest'
import type { PurgeParams } from '../../schemas/generated/types.ts'
import { renderResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import { createPurge } from './purge.ts'
import type { Instance, ResourceType, Wanted } from './resource-type.ts'

const host = {} as Host

/** A type over a list of things: what is to be absent goes. */
function listType(instances: Instance[], name = 'thing'): ResourceType<unknown, unknown> {
  const find = (title: string) => instances.findIndex((one) => one.title === title)
  return {
    name,
    read: (_, wanted) => new Map(wanted.map(({ id, title }) => [id, find(title) >= 0])),
    diff: ({ params }, isThere) =>
      (params as { ensure?: string }).ensure === 'absent' && isThere === true
        ? [{ property: 'ensure', from: 'present', to: 'absent' }]
        : [],
    apply: async (_, { title }) => {
      instances.splice(find(title), 1)
    },
    inspect: async () => instances,
  }
}

const wantedOf = (params: PurgeParams, title = 'thing'): Wanted<PurgeParams> => ({
  id: renderResourceId('purge', title),
  title,
  params,
  where: 'role/web.ts:3',
})

const named = (...titles: readonly string[]): Instance[] => titles.map((title) => ({ title, params: {} }))

async function stateOf(instances: Instance[], wanted: Wanted<PurgeParams>) {
  const purge = createPurge((name) => (name === 'thing' ? listType(instances) : undefined))
  const state = (await purge.read(host, [wanted])).get(wanted.id)
  if (state === undefined || state instanceof Error) throw state ?? new Error('no state')
  return { purge, state, changes: purge.diff(wanted, state) }
}

describe('diff()', () => {
  it.each<[string, PurgeParams, readonly string[]]>([
    ['everything when nothing is declared', {}, ['a', 'b', 'backup-1']],
    ['nothing when all is', { declared: ['a', 'b', 'backup-1'] }, []],
    ['not what is kept by a pattern', { declared: ['a'], keep: ['backup-*'] }, ['b']],
    ['what a pattern only begins with', { keep: ['back', 'a.'] }, ['a', 'b', 'backup-1']],
  ])('names %s', async (_, params, gone) => {
    const { changes } = await stateOf(named('a', 'b', 'backup-1'), wantedOf(params))
    expect(changes).toEqual(gone.map((property) => ({ property, from: 'present', to: 'absent' })))
  })

  it('leaves what is protected, and accounts with ids of the system or nobody', async () => {
    const instances: Instance[] = [
      { title: 'essential', params: {}, protectedBy: 'the system' },
      ...[0, 999, 1000, 1500, 59_999, 60_000, 65_534].map((uid) => ({ title: `u${uid}`, params: { uid } })),
    ]
    const { changes } = await stateOf(instances, wantedOf({}))
    expect(changes.map(({ property }) => property)).toEqual(['u1000', 'u1500', 'u59999'])
    const above = await stateOf(instances, wantedOf({ minUid: 1200 }))
    expect(above.changes.map(({ property }) => property)).toEqual(['u1500', 'u59999'])
  })
})

describe('apply()', () => {
  it('removes what differs, and then nothing differs', async () => {
    const instances = named('a', 'b', 'c')
    const wanted = wantedOf({ declared: ['b'] })
    const { purge, state } = await stateOf(instances, wanted)
    await purge.apply(host, wanted, state)
    expect(instances.map(({ title }) => title)).toEqual(['b'])
    expect((await stateOf(instances, wanted)).changes).toEqual([])
  })

  it('removes none where more would go than may', async () => {
    const instances = named('a', 'b', 'c')
    const wanted = wantedOf({ max: 2 })
    const { purge, state } = await stateOf(instances, wanted)
    await expect(purge.apply(host, wanted, state)).rejects.toMatchObject({
      message: 'Cannot purge thing: 3 would be removed, and at most 2 may be',
      kept: 'all of them',
      where: 'role/web.ts:3',
    })
    expect(instances).toHaveLength(3)
  })
})

it('read() fails for a type that cannot be listed', async () => {
  await expect(stateOf([], wantedOf({}, 'exec'))).rejects.toThrow('Cannot purge exec')
})
