/** docs/puppet-rows.md names tests by row: each of them has to be there, under that number. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const table = readFileSync(join(root, 'docs', 'puppet-rows.md'), 'utf8')
const rows = [...table.matchAll(/^\| ([A-Z]\d+) \| [^|]+ \| ([^|]+) \|/gm)].map(
  ([, row = '', cell = '']) =>
    [row, [...cell.matchAll(/`([^`]+\.ts)`/g)].map(([, path = '']) => path), cell] as const,
)

it('docs/puppet-rows.md has each row once, with its tests or the reason why there is none', () => {
  expect(rows.length).toBeGreaterThan(90)
  expect(new Set(rows.map(([row]) => row)).size).toBe(rows.length)
  expect(
    rows.filter(([, paths, cell]) => paths.length === 0 && !/^does not fit: |^none yet$/.test(cell)),
  ).toEqual([])
})

it('each test that it names has the row’s number', () => {
  const missing = rows.flatMap(([row, paths]) =>
    paths.filter((path) => !new RegExp(`\\b${row}\\b`).test(readFileSync(join(root, path), 'utf8'))),
  )
  expect(missing).toEqual([])
})
