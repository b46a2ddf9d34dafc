import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { resourceTypes } from './registry.ts'

test('every type that has a schema is registered under its name, and no other', () => {
  const folder = join(import.meta.dirname, '../../schemas/resource')
  const schemas = readdirSync(folder).map((file) => basename(file, '.json'))
  expect([...resourceTypes.keys()].sort()).toEqual(schemas.sort())
})
