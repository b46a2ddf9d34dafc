import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { customType } from './custom-type.ts'
import { role } from './role.ts'
import { compile } from './testing.ts'

const siteDir = mkdtempSync(join(tmpdir(), 'rekindle-custom-type-'))
afterAll(() => rmSync(siteDir, { recursive: true }))
writeFileSync(
  join(siteDir, 'vhost.json'),
  JSON.stringify({
    type: 'object',
    additionalProperties: false,
    required: ['port'],
    properties: { port: { type: 'integer' }, name: { type: 'string' } },
  }),
)
writeFileSync(join(siteDir, 'vhost.py'), '#!/usr/bin/env python3\n')

interface Vhost {
  readonly port: number
}
const vhost = customType<Vhost>('vhost', { schema: 'vhost.json', script: 'vhost.py' })

it('customType() declares a resource with its script as content, and its name as a tag', () => {
  const catalog = compile(
    role('web', () => {
      vhost('example.org', { port: 80, tags: ['edge'] })
    }),
    { siteDir },
  )
  expect(catalog.find('custom', 'vhost/example.org')).toMatchObject({
    params: { params: { port: 80 } },
    content: '#!/usr/bin/env python3\n',
    tags: ['edge', 'vhost'],
  })
})

it('customType() refuses what its schema refuses, all at once', () => {
  const wrong = { port: 'http', colour: 'red' } as unknown as Vhost
  const broken = role('web', () => {
    vhost('example.org', wrong)
  })
  expect(() => compile(broken, { siteDir })).toThrow(/"?\/port: wanted integer, found "http"/)
  expect(() => compile(broken, { siteDir })).toThrow('/colour: wanted no such parameter')
})

it.each(['file', 'Vhost', 'a-b', ''])('customType() refuses the name "%s"', (name) => {
  expect(() => customType(name, { schema: 'vhost.json', script: 'vhost.py' })).toThrow('Cannot name')
})
