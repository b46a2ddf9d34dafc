/** docs/modules.md is made of the modules' schemas (`vitest -u` writes it), and its examples compile. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { role, user } from 'rekindle'
import * as modules from 'rekindle/module'
import { compile } from 'rekindle/testing'
import { describe, expect, it } from 'vitest'
import { type ModuleSchema, renderModule } from '../schemas/describe-module.ts'

type Use = (options: object) => unknown
/** In the order in which they stand in index.ts, by file. */
const order = Object.keys(modules).toSorted()
const folder = join(import.meta.dirname, '../schemas/module')
const schemas = new Map(
  readdirSync(folder).map((file) => {
    const schema = JSON.parse(readFileSync(join(folder, file), 'utf8')) as ModuleSchema
    return [functionOf(schema), schema]
  }),
)

/** @example functionOf({ $id: 'module/time-sync' }) // 'timeSync' */
function functionOf({ $id }: ModuleSchema): string {
  const name = $id.slice('module/'.length).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
  return name === 'firewall' ? 'hostFirewall' : name
}

const intro = `# Modules

Ready parts of a host, made of what every role is made of: read them in [catalogs/module](../catalogs/module), and write
your own the same way. Each is a function that gives a container, so that others can require and notify it as a whole:

    import { role } from 'rekindle'
    import { base, nginx, ssh, users } from 'rekindle/module'

    export const web = role('web', () => {
      base({ timezone: 'Europe/Berlin' })
      users({ people: { ada: { keys: ['ssh-ed25519 AAAA... ada@laptop'], sudo: true } } })
      ssh()
      nginx({ sites: [{ name: 'www', root: '/var/www/html', default: true }] })
    })

Every module takes the metaparameters of a container (\`require\`, \`notify\`, \`schedule\`, \`noop\` and so on) besides its
options. What is wrong with options is told at compile, at the line of your role. A package that several modules need is
yours when you declare it yourself. This page is made from \`schemas/module\`.
`

it('docs/modules.md says what the schemas say', async () => {
  const sections = order.map((name) => {
    const schema = schemas.get(name)
    if (schema === undefined) throw new Error(`Cannot find the schema of module ${name}`)
    return renderModule(name, schema)
  })
  await expect([intro, ...sections].join('\n')).toMatchFileSnapshot('modules.md')
})

it('every schema is that of a module', () => {
  expect([...schemas.keys()].toSorted()).toEqual(order)
})

describe('the example of', () => {
  it.each(order)('%s compiles', (name) => {
    const declare = (modules as unknown as Readonly<Record<string, Use>>)[name]
    for (const example of schemas.get(name)?.examples ?? []) {
      const used = role('r', () => {
        user('root')
        declare?.({ ...example, ...(name === 'ssh' ? { keysElsewhere: true } : {}) })
      })
      expect(compile(used).ids.length).toBeGreaterThan(1)
    }
  })
})
