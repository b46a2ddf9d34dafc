import { expect, it } from 'vitest'
import { blockedBy, dependenciesOf } from './graph.ts'
import { fakeCatalog } from './testing/fake.ts'

const { resources } = fakeCatalog({ a: { notify: ['c'] }, b: {}, c: { require: ['b'] } })
const dependencies = dependenciesOf(resources)

it('dependenciesOf() has what a resource requires and what notifies it', () => {
  expect(dependencies.get('fake:c')).toEqual(['fake:b', 'fake:a'])
})

it('blockedBy() names each root failure once, and nobody when nothing failed', () => {
  const blame = new Map([
    ['fake:a', ['fake:root'] as const],
    ['fake:b', ['fake:root', 'fake:b'] as const],
  ])
  expect(blockedBy(dependencies, blame, 'fake:c')).toEqual(['fake:root', 'fake:b'])
  expect(blockedBy(dependencies, new Map(), 'fake:c')).toEqual([])
})
