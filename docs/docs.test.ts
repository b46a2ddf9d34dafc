import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import packageJson from '../package.json' with { type: 'json' }
import { errorCodes } from '../schemas/errors.ts'

const page = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8')
const firstColumn = (text: string, cell: RegExp): readonly string[] =>
  [...text.matchAll(cell)].map((match) => match[1] ?? '')

it('docs/errors.md lists every error code, and no other', () => {
  expect(firstColumn(page('errors.md'), /^\| `([a-z-]+)` \|/gm)).toEqual([...errorCodes])
})

it('docs/dependencies.md gives a reason for every dependency, and for no other', () => {
  const listed = firstColumn(page('dependencies.md'), /^\| ([^|]+) \|/gm)
    .filter((cell) => !['package', '---'].includes(cell))
    .flatMap((cell) => cell.split(', '))
  const typesOnly = /^@types\//
  const declared = Object.keys({ ...packageJson.dependencies, ...packageJson.devDependencies })
  expect(listed.toSorted()).toEqual(declared.filter((name) => !typesOnly.test(name)).toSorted())
})
