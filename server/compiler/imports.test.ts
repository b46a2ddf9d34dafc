import { describe, expect, it } from 'vitest'
import { findCircle, hintForImport, jsonErrorLine, placeOfImport, secondDeclaration } from './imports.ts'

const of = (from: string, to: string) => ({ from, specifier: `./${to}`, to })

describe('findCircle()', () => {
  it('finds the shortest way back, and none where there is none', () => {
    const imports = [of('a', 'b'), of('b', 'c'), of('c', 'd'), of('d', 'a'), of('c', 'a'), of('e', 'a')]
    expect(findCircle(imports, 'a')).toEqual(['a', 'b', 'c', 'a'])
    expect(findCircle(imports, 'e')).toBeUndefined()
    expect(findCircle([of('a', 'a')], 'a')).toEqual(['a', 'a'])
  })
})

describe('hintForImport()', () => {
  const hint = (specifier: string, ...files: string[]) =>
    hintForImport({ from: 'roles/web.ts', specifier }, (path) => files.includes(path))

  it('looks beside the importing file for what may be meant', () => {
    expect(hint('./db', 'roles/db.ts')).toBe("Write the whole name: './db.ts'")
    expect(hint('../lib', 'lib/index.ts')).toBe("Write the whole name: '../lib/index.ts'")
    expect(hint('./db.js')).toBe('Check the name; paths begin at the importing file')
  })
})

it('placeOfImport() finds the line, whatever the quotes', () => {
  expect(placeOfImport(of('a.ts', 'b.ts'), `x\nimport b from "./b.ts"`)).toBe('a.ts:2')
  expect(placeOfImport(of('a.ts', 'c.ts'), '')).toBe('a.ts')
})

it('secondDeclaration() is the line of the second', () => {
  expect(secondDeclaration("import { web } from './web.ts'\nuse(web)\nconst web = 1", 'web')).toBe(3)
  expect(secondDeclaration('const web = 1\nconst web2 = 2', 'web')).toBeUndefined()
})

it.each([
  ['{\n "a": 1,\n}', 3],
  ['{\n "a": 1\n "b": 2}', 3],
  ['[1,\n2,\n]', 3],
  ['\n\nhello', 3],
  ['{"a":1}\n}', 2],
  ['{\n"a": "x', 2],
])('jsonErrorLine(%j) is %i', (text, line) => {
  expect(jsonErrorLine(text)).toBe(line)
})
