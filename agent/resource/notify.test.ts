import { expect, test } from 'vitest'
import type { NotifyParams } from '../../schemas/generated/types.ts'
import { notify } from './notify.ts'
import { partialHost } from './partial-host.ts'
import type { Wanted } from './resource-type.ts'

const wanted = (params: NotifyParams): Wanted<NotifyParams> => ({
  id: 'notify:hi',
  title: 'hi',
  params,
  where: 'a.ts:1',
})

test.each<[string, NotifyParams, string | undefined, string[]]>([
  ['was said', {}, 'hi', []],
  ['was never said', {}, undefined, ['hi']],
  ['is another one now', { message: 'two' }, 'one', ['two']],
  ['is said in every run', { always: true }, 'hi', ['hi']],
  ['is for refreshes only', { refreshOnly: true }, undefined, []],
])('diff() of a message that %s', (_title, params, said, messages) => {
  expect(notify.diff(wanted(params), { said }).map(({ to }) => to)).toEqual(messages)
})

test('a refresh says it, but not what this run has said already', async () => {
  const host = partialHost({})
  expect(await notify.refresh(host, wanted({}), { said: 'hi' })).toEqual({ output: 'hi' })
  expect(await notify.refresh(host, wanted({ refreshOnly: true }), { said: undefined })).toEqual({
    output: 'hi',
  })
  expect(await notify.refresh(host, wanted({}), { said: undefined })).toBeUndefined()
})
