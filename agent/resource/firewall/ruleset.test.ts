import { expect, test } from 'vitest'
import { leavesItsTable, parseListing, removing, replacing, tableOf } from './ruleset.ts'

const table = tableOf('inet filter')

test('a table is replaced in one transaction, made first where it is not', () => {
  expect(removing(table)).toBe('table inet filter\ndelete table inet filter\n')
  expect(replacing(table, 'chain input { }')).toBe(
    'table inet filter\ndelete table inet filter\ntable inet filter {\nchain input { }\n}\n',
  )
})

test.each([
  ['chain a { tcp dport { 22, 80 } accept }', false],
  ['chain a { comment "}" }', false],
  ['# }\nchain a { }', false],
  ['}\ndelete table inet other\ntable inet x {', true],
  ['chain a {', true],
])('leavesItsTable(%j) is %s', (body, leaves) => {
  expect(leavesItsTable(body)).toBe(leaves)
})

/** As nft 1.0.6 lists it, shortened. */
const listed = (packets: number, handle: number, elements: readonly string[]) =>
  JSON.stringify({
    nftables: [
      { metainfo: { version: '1.0.6', release_name: 'Lester Gooch #5', json_schema_version: 1 } },
      { table: { family: 'inet', name: 'filter', handle } },
      {
        set: { family: 'inet', name: 'seen', table: 'filter', type: 'ipv4_addr', handle: 2, elem: elements },
      },
      {
        set: {
          family: 'inet',
          name: 'own',
          table: 'filter',
          type: 'ipv4_addr',
          elem: ['10.0.0.2', '10.0.0.1'],
        },
      },
      {
        rule: {
          ...{ family: 'inet', table: 'filter', chain: 'input', handle: handle + 3 },
          expr: [
            { counter: { packets, bytes: packets * 60 } },
            { set: { op: 'add', elem: { payload: { protocol: 'ip', field: 'saddr' } }, set: '@seen' } },
            { accept: null },
          ],
        },
      },
    ],
  })

test('counters, handles and what a rule collects are no difference', () => {
  const before = parseListing(listed(0, 1, []), [])
  expect(parseListing(listed(99, 7, ['192.0.2.1']), [])).toEqual(before)
  expect(before.version).toBe('1.0.6')
  expect(before.lines).toHaveLength(4)
})

test('what is in a set that nothing collects into is a difference, in any order, unless it is ignored', () => {
  const other = listed(0, 1, []).replace('10.0.0.2', '10.0.0.3')
  const turned = listed(0, 1, []).replace('"10.0.0.2","10.0.0.1"', '"10.0.0.1","10.0.0.2"')
  const before = parseListing(listed(0, 1, []), [])
  expect(parseListing(other, [])).not.toEqual(before)
  expect(parseListing(turned, [])).toEqual(before)
  expect(parseListing(other, ['own'])).toEqual(parseListing(listed(0, 1, []), ['own']))
})
