import { describe, expect, it } from 'vitest'
import { type DataSchema, mergeValues, withDefaults } from './data-merge.ts'

const remove = { $remove: true }
const people: DataSchema = {
  merge: 'deep',
  additionalProperties: {
    properties: {
      groups: { merge: 'unique' },
      limits: {},
      ssh: { merge: 'first' },
      shell: { default: '/bin/sh' },
    },
  },
}

describe('mergeValues()', () => {
  const cases: readonly (readonly [string, DataSchema, readonly unknown[], unknown])[] = [
    ['nothing is nothing', {}, [], undefined],
    ['first: the highest wins', {}, [1, 2], 1],
    ['first: false, 0 and null are values', {}, [null, 2], null],
    ['first: objects and lists are taken whole', {}, [{ a: [1] }, { b: 2 }], { a: [1] }],
    ['first: a removal ends the search', {}, [remove, 2], undefined],
    ['first: a removal below what won does nothing', {}, [1, remove], 1],
    [
      'unique: highest first, each once',
      { merge: 'unique' },
      [
        ['a', 'b'],
        ['b', 'c', 'c'],
      ],
      ['a', 'b', 'c'],
    ],
    [
      'unique: elements are equal by value',
      { merge: 'unique' },
      [[{ a: 1, b: 2 }], [{ b: 2, a: 1 }]],
      [{ a: 1, b: 2 }],
    ],
    [
      'unique: takes elements away',
      { merge: 'unique' },
      [
        [{ $remove: 'b' }, 'z'],
        ['a', 'b'],
      ],
      ['z', 'a'],
    ],
    [
      'unique: what is taken away may come back above',
      { merge: 'unique' },
      [['b'], [{ $remove: 'b' }], ['a', 'b']],
      ['b', 'a'],
    ],
    ['unique: a removal of nothing leaves no trace', { merge: 'unique' }, [[{ $remove: 'b' }]], []],
    ['unique: all of lower layers goes', { merge: 'unique' }, [['a'], remove, ['b']], ['a']],
    [
      'deep: members of all',
      people,
      [{ eve: { uid: 3 } }, { bob: { uid: 2 } }],
      { eve: { uid: 3 }, bob: { uid: 2 } },
    ],
    [
      'deep: at any depth',
      people,
      [{ bob: { limits: { a: 1 } } }, { bob: { uid: 2, limits: { b: 2 } } }],
      { bob: { uid: 2, limits: { a: 1, b: 2 } } },
    ],
    [
      'deep: the higher of two values',
      people,
      [{ bob: { uid: 9 } }, { bob: { uid: 2 } }],
      { bob: { uid: 9 } },
    ],
    [
      'deep: lists are taken whole',
      people,
      [{ bob: { keys: [1] } }, { bob: { keys: [2] } }],
      { bob: { keys: [1] } },
    ],
    [
      'deep: but for those that say so',
      people,
      [{ bob: { groups: [1] } }, { bob: { groups: [2] } }],
      { bob: { groups: [1, 2] } },
    ],
    [
      'deep: an object that says so is taken whole',
      people,
      [{ bob: { ssh: { a: 1 } } }, { bob: { ssh: { b: 1 } } }],
      { bob: { ssh: { a: 1 } } },
    ],
    ['deep: a member goes', people, [{ bob: remove }, { bob: { uid: 2 }, eve: {} }], { eve: {} }],
    [
      'deep: a member of a member goes',
      people,
      [{ bob: { uid: remove } }, { bob: { uid: 2, shell: 'x' } }],
      { bob: { shell: 'x' } },
    ],
    [
      'deep: a removal of nothing leaves no trace',
      people,
      [{ bob: remove, eve: { groups: [{ $remove: 1 }] } }],
      { eve: { groups: [] } },
    ],
  ]
  it.each(cases)('%s', (_, schema, values, merged) => {
    expect(mergeValues(schema, values)).toEqual(merged)
  })

  it('takes no name for a prototype', () => {
    const evil: unknown = JSON.parse('{ "__proto__": { "uid": 0 } }')
    expect(Object.keys(Object(mergeValues(people, [{}, evil])))).toEqual(['__proto__'])
  })
})

describe('withDefaults()', () => {
  it('adds members that are absent, at any depth', () => {
    expect(withDefaults(people, { bob: {}, eve: { shell: '/bin/zsh' } })).toEqual({
      bob: { shell: '/bin/sh' },
      eve: { shell: '/bin/zsh' },
    })
    const list = { items: { properties: { port: { default: 80 } } } }
    expect(withDefaults(list, [{}, { port: 81 }])).toEqual([{ port: 80 }, { port: 81 }])
  })
})
