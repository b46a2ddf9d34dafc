import { describe, expect, test } from 'vitest'
import type { GroupParams } from '../../schemas/generated/types.ts'
import {
  checkNoSecret,
  checkReadingWritesNothing,
  checkSecondRunChangesNothing,
  type Subject,
} from './contract.ts'
import { type GroupState, group } from './group.ts'
import { memoryPasswd } from './memory-passwd.ts'
import { partialHost } from './partial-host.ts'
import type { ResourceType } from './resource-type.ts'

type GroupType = ResourceType<GroupParams, GroupState>

describe('a type that keeps the contract passes', () => {
  test.each([
    ['checkReadingWritesNothing()', checkReadingWritesNothing],
    ['checkSecondRunChangesNothing()', checkSecondRunChangesNothing],
    ['checkNoSecret()', (subject: Subject<GroupParams, GroupState>) => checkNoSecret(subject, ['hunter2'])],
  ])('%s', async (_name, check) => {
    await expect(check(subjectOf(group))).resolves.toBeUndefined()
  })
})

test('checkReadingWritesNothing() refuses a read that writes', async () => {
  const type: GroupType = {
    ...group,
    read: (host, wanted) => {
      void host.passwd.addGroup('other', { system: false })
      return group.read(host, wanted)
    },
  }
  await expect(checkReadingWritesNothing(subjectOf(type))).rejects.toThrow('reading has changed the host')
})

test('checkReadingWritesNothing() refuses a diff that does not see what is broken', async () => {
  await expect(checkReadingWritesNothing(subjectOf({ ...group, diff: () => [] }))).rejects.toThrow(
    'nothing differs',
  )
})

test('checkSecondRunChangesNothing() refuses a type that never comes to rest', async () => {
  const type: GroupType = { ...group, diff: () => [{ property: 'gid', from: '1', to: '2' }] }
  await expect(checkSecondRunChangesNothing(subjectOf(type))).rejects.toThrow(
    'something differs after the run',
  )
})

test('checkSecondRunChangesNothing() refuses an apply that does nothing', async () => {
  const type: GroupType = { ...group, apply: async () => {} }
  await expect(checkSecondRunChangesNothing(subjectOf(type))).rejects.toThrow(
    'something differs after the run',
  )
})

test('checkNoSecret() refuses a change, and an explanation, that shows a secret', async () => {
  const leak = [{ property: 'gid', from: null, to: 'the word is "hunter2"' }]
  const telling: GroupType = { ...group, diff: () => leak }
  const explaining: GroupType = { ...group, explain: async () => leak }
  for (const type of [telling, explaining]) {
    await expect(checkNoSecret(subjectOf(type), ['"hunter2"'])).rejects.toThrow('a change shows a secret')
  }
})

function subjectOf(type: GroupType): Subject<GroupParams, GroupState> {
  return {
    host: partialHost({ passwd: memoryPasswd() }),
    type,
    wanted: { id: 'group:app', title: 'app', params: {}, where: 'a.ts:1' },
    snapshot: (host) => host.passwd.read(),
  }
}
