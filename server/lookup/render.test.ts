import { expect, it } from 'vitest'
import type { ExplainedKey } from '../../schemas/data-layers.ts'
import { renderExplained, renderValue, valueOfKeys } from './render.ts'

const workers: ExplainedKey = {
  key: 'nginx.workers',
  strategy: 'first',
  value: 4,
  isDefault: false,
  problem: null,
  layers: [
    { name: 'host/web-1', file: undefined, where: undefined, value: undefined, part: 'silent' },
    {
      name: 'role/web',
      file: 'data/role/web.json',
      where: 'data/role/web.json:1:25',
      value: 4,
      part: 'wins',
    },
    { name: 'os/trixie', file: 'data/os/trixie.ts', where: undefined, value: undefined, part: 'silent' },
    { name: 'site', file: 'data/site.yaml', where: 'data/site.yaml:2:12', value: 2, part: 'covered' },
  ],
}
const deep: ExplainedKey = { ...workers, key: 'nginx.tls.port', value: 443, isDefault: true, layers: [] }
const absent: ExplainedKey = {
  ...workers,
  key: 'nginx.user',
  value: undefined,
  problem: { message: 'Cannot read data "nginx.user"', hint: null },
}

it('renderExplained() says of each layer what it did', () => {
  expect(renderExplained([workers])).toBe(
    [
      'nginx.workers: 4',
      '  first: the highest layer that has it wins',
      '  absent   host/web-1  the site has no such layer',
      '  wins     role/web    4  (data/role/web.json:1:25)',
      '  silent   os/trixie   data/os/trixie.ts does not have the key',
      '  covered  site        2  (data/site.yaml:2:12)',
    ].join('\n'),
  )
})

it('renderExplained() names the schema’s default, and what is wrong', () => {
  expect(renderExplained([deep])).toContain('\n  wins     default  443  (the schema’s)')
  expect(renderExplained([absent])).toMatch(
    /^nginx\.user: no value\n.*\n {2}Cannot read data "nginx\.user"$/s,
  )
})

it('valueOfKeys() gives a key’s value, and a section’s values below the section', () => {
  expect(valueOfKeys([workers], 'nginx.workers')).toBe(4)
  expect(valueOfKeys([workers, deep, absent], 'nginx')).toEqual({ workers: 4, tls: { port: 443 } })
  expect(valueOfKeys([workers, deep], '')).toEqual({ nginx: { workers: 4, tls: { port: 443 } } })
})

it('renderValue() gives YAML', () => {
  expect(renderValue({ workers: 4, user: 'no' })).toBe('workers: 4\nuser: no')
  expect(renderValue(4)).toBe('4')
})
