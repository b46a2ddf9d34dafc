import { expect, it } from 'vitest'
import { complain } from '../parameter.ts'
import { role } from '../role.ts'
import { compile } from '../testing.ts'
import { tidy, tidyRule } from './tidy.ts'

it('tidy() takes a title that is the path, or one of its own with a path', () => {
  const catalog = compile(
    role('r', () => {
      tidy('/var//tmp/', { age: '1d' })
      tidy('cores', { path: '/var/tmp/', matches: ['core.*'] })
    }),
  )
  expect(catalog.ids).toEqual(['tidy:/var/tmp', 'tidy:cores'])
  expect(catalog.find('tidy', 'cores').params).toEqual({ path: '/var/tmp', matches: ['core.*'] })
})

it.each<[title: string, params: object, said: string]>([
  ['cores', { age: '1d' }, 'the title is not an absolute path: give "path"'],
  ['x', { path: '/var/../etc', age: '1d' }, 'its "path" has ".." in its path'],
  ['x', { path: 'var', age: '1d' }, 'parameter "path"'],
  ['/', { age: '1d' }, 'the root directory is not tidied'],
  ['/t', {}, 'it needs "age", "size" or "matches"'],
  ['/t', { recurse: true }, 'it needs "age", "size" or "matches"'],
  ['/t', { size: '1k', ageBy: 'atime' }, '"ageBy" goes with "age"'],
  ['/t', { age: '1y' }, 'parameter "age"'],
  ['/t', { age: 'd' }, 'parameter "age"'],
  ['/t', { size: '1.5g' }, 'parameter "size"'],
  ['/t', { matches: ['a/b'] }, 'parameter "matches.0"'],
  ['/t', { age: '1d', recurse: 0 }, 'parameter "recurse"'],
  ['/t', { age: '1d', kinds: ['directory'] }, 'parameter "kinds.0"'],
  ['/t', { age: '1d', declaredBelow: ['/t/a'] }, 'unknown parameter "declaredBelow"'],
])('%s with %j is refused', (title, params, said) => {
  const complaints = complain({ type: 'tidy', title, params: { ...params }, rule: tidyRule })
  expect(complaints.map(({ message }) => message).join('\n')).toContain(said)
})
