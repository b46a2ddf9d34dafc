import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type DescribedSchema, renderType, renderTypeList } from './describe.ts'
import { diagnose, type SchemaName } from './validate.ts'

const schemas = globSync('resource/*.json', { cwd: import.meta.dirname })
  .sort()
  .map((path) => JSON.parse(readFileSync(join(import.meta.dirname, path), 'utf8')) as DescribedSchema)

const group: DescribedSchema = {
  $id: 'resource/group',
  description: 'A local group. The title is its name.',
  required: ['gid'],
  examples: [{ gid: 2000 }],
  properties: {
    gid: { description: 'Numeric group id.', type: 'integer', examples: [2000] },
    ensure: { description: 'Default `present`.', enum: ['present', 'absent'] },
    declared: { description: 'Set by the compiler.', collects: {} },
  },
}

it('renderType() shows parameters and examples, without what only the compiler sets', () => {
  expect(renderType(group)).toBe(`group
  A local group. The title is its name.

  gid (integer) required
      Numeric group id.
      For example: 2000

  ensure ("present" | "absent")
      Default \`present\`.

Examples:
  {"gid":2000}`)
})

it('renderTypeList() has the first sentence of each', () => {
  expect(renderTypeList([group])).toBe('group  A local group.')
})

describe.each(schemas.map((schema) => [schema.$id, schema] as const))('%s', (id, schema) => {
  it('describes itself and every parameter', () => {
    const bare = Object.entries(schema.properties).filter(([, { description = '' }]) => description === '')
    expect(bare.map(([name]) => name)).toEqual([])
    expect(schema.description).toMatch(/\.$/)
  })

  it('has examples, and they are valid', () => {
    expect(schema.examples?.length).toBeGreaterThan(0)
    for (const example of schema.examples ?? []) expect(diagnose(id as SchemaName, example)).toEqual([])
  })
})
