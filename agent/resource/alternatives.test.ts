import { expect, test } from 'vitest'
import { type AlternativesState, alternatives } from './alternatives.ts'

const vim = '/usr/bin/vim'
const nano = '/bin/nano'
const manual: AlternativesState = {
  group: {
    mode: 'manual',
    link: '/usr/bin/editor',
    choices: [
      { path: nano, priority: 40 },
      { path: vim, priority: 30 },
    ],
  },
  current: vim,
  isLinked: true,
}
const auto: AlternativesState = { ...manual, group: { ...group(manual), mode: 'auto' }, current: nano }

test.each<[title: string, path: string, state: AlternativesState, changes: string[]]>([
  ['it was chosen', vim, manual, []],
  ['it is left to the priorities', 'auto', auto, []],
  ['it is the same by priority, and was not chosen', nano, auto, ['mode: auto -> manual']],
  [
    'it was chosen and is to be left',
    'auto',
    manual,
    ['path: /usr/bin/vim -> /bin/nano', 'mode: manual -> auto'],
  ],
  [
    'there is no group',
    vim,
    { group: undefined, current: undefined, isLinked: false },
    ['path: absent -> /usr/bin/vim'],
  ],
  ['its link was taken away', vim, { ...manual, current: undefined }, ['path: none -> /usr/bin/vim']],
  [
    'the generic name leads elsewhere',
    vim,
    { ...manual, isLinked: false },
    ['link: /usr/bin/editor leads elsewhere -> linked'],
  ],
])('diff() when %s', (_, path, state, changes) => {
  const wanted = { id: 'alternatives:editor', title: 'editor', params: { path }, where: 'a.ts:1' } as const
  expect(
    alternatives.diff(wanted, state).map(({ property, from, to }) => `${property}: ${from} -> ${to}`),
  ).toEqual(changes)
})

function group({ group: found }: AlternativesState) {
  if (found === undefined) throw new Error('no group')
  return found
}
