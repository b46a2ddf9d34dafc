import { expect, test } from 'vitest'
import { fileNameOf, parseLimits, renderLimit } from './limits.ts'

test.each([
  [{ domain: 'www-data', type: '-', item: 'nofile' }, '99-rekindle-www-data-both-nofile.conf'],
  [{ domain: '@dba', type: 'hard', item: 'nproc' }, '99-rekindle-~40dba-hard-nproc.conf'],
  [{ domain: '*', type: 'soft', item: 'core' }, '99-rekindle-~2a-soft-core.conf'],
  [{ domain: '../x', type: 'soft', item: 'core' }, '99-rekindle-..~2fx-soft-core.conf'],
] as const)('%j has a file of its own', (limit, name) => {
  expect(fileNameOf(limit)).toBe(name)
})

test('what is rendered is read back', () => {
  const limit = { domain: '@dba', type: '-', item: 'nofile', value: 4096 } as const
  expect(parseLimits(renderLimit(limit))).toEqual([{ ...limit, value: '4096' }])
})

test('parseLimits() leaves out comments and what is too short', () => {
  const text =
    '#<domain> <type> <item> <value>\n\n*\tsoft  core 0 # none\nroot hard\n@student        -       maxlogins       4\n'
  expect(parseLimits(text)).toEqual([
    { domain: '*', type: 'soft', item: 'core', value: '0' },
    { domain: '@student', type: '-', item: 'maxlogins', value: '4' },
  ])
})
