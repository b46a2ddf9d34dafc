import { expect, it } from 'vitest'
import { flatten } from './flatten.ts'

it('flatten() writes one line a fact, with lists on one line', () => {
  const facts = {
    hostname: 'web-1',
    os: { id: 'debian', arch: 'amd64' },
    network: { interfaces: { host0: ['a', 'b'] } },
    none: null,
  }
  expect(flatten(facts)).toEqual([
    ['hostname', 'web-1'],
    ['os.id', 'debian'],
    ['os.arch', 'amd64'],
    ['network.interfaces.host0', 'a, b'],
    ['none', 'null'],
  ])
  expect(flatten({})).toEqual([])
})
