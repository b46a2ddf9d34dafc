import { expect, test } from 'vitest'
import { complain } from '../parameter.ts'
import { purgeable, purgeRule } from './purge.ts'

const complaintsOf = (title: string, params: object) =>
  complain({ type: 'purge', title, params: { ...params }, rule: purgeRule }).map(({ message }) => message)

test.each<readonly [string, object]>([
  ...purgeable.map((type) => [type, {}] as const),
  ['apt_source', { keep: ['debian', 'rk-*'], max: 3 }],
  ['user', { minUid: 2000 }],
])('purge of %s takes %j', (title, params) => {
  expect(complaintsOf(title, params)).toEqual([])
})

test.each([
  ['exec', {}, 'the title is none of user, group, package, apt_source'],
  ['file', {}, 'the title is none of'],
  ['apt_source', { minUid: 2000 }, '"minUid" goes with user and group only'],
  ['apt_source', { max: 0 }, '"max"'],
] as const)('purge of %s refuses %j', (title, params, said) => {
  expect(complaintsOf(title, params).join('\n')).toContain(said)
})
