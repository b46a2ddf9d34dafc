/** Data of a site in real sandboxes: what is checked, what is told, and what a catalog depends on. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { sampleFacts } from '../../catalogs/api/sample.ts'
import type { Facts } from '../../schemas/generated/types.ts'
import { whyAffected } from '../explain/affected.ts'
import { createCompiler } from './compiler.ts'
import { lookUp } from './lookup.ts'

const dir = mkdtempSync(join(tmpdir(), 'rekindle-data-'))
const stageDir = join(dir, 'stage')
const site = join(dir, 'site')
const openCompilers: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const compiler of openCompilers.splice(0)) await compiler.close()
  rmSync(site, { recursive: true, force: true })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const schema = `{
    nginx: { workers: field.integer({ minimum: 1 }), port: field.integer({ default: 80 }) },
    ntp: { servers: field.list(field.text(), { merge: 'unique', optional: true }) },
    users: field.map({ uid: field.integer() }, { merge: 'deep', optional: true }),
  }`

/** A site whose role puts what `shown` evaluates to into a file; line 2 declares the data, line 9 reads it. */
function writeSite(shown: string, layers: Readonly<Record<string, string>>, options = ''): string {
  const files = {
    'site.ts': `import { field, file, layers, role, site } from 'rekindle'
const data = layers({
  hierarchy: ['host/{host}', 'role/{role}', 'env/{environment}', 'os/{facts.os.codename}', 'site'],
  schema: ${schema},
})
const web = role('web', () => {
  file('/etc/shown', { content: JSON.stringify(${shown}) })
})
export default site({ hosts: [{ match: 'web-*', role: web, environment: 'test' }], data${options} })
`,
    ...layers,
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(site, path)), { recursive: true })
    writeFileSync(join(site, path), text)
  }
  return site
}

function open() {
  const compiler = createCompiler({ stageDir })
  openCompilers.push(compiler)
  return compiler
}

async function problemsOf(shown: string, layers: Readonly<Record<string, string>>) {
  const checked = await open().check(writeSite(shown, layers))
  return checked.ok ? [] : checked.problems.map(({ where, message }) => `${where}: ${message}`)
}

const workers = "data.get('nginx').workers"

describe('data', () => {
  async function served(shown: string, layers: Readonly<Record<string, string>>) {
    const compiler = open()
    expect(await compiler.check(writeSite(shown, layers))).toMatchObject({ ok: true })
    return async (host: string, facts: Facts = sampleFacts(host)) => {
      const { blobs, cached } = await compiler.compile(host, facts)
      return { shown: JSON.parse(String([...blobs.values()].map(String))) as unknown, cached }
    }
  }

  it('comes from the layers that a host looks at, in YAML, JSON and TypeScript', async () => {
    const compile = await served("[data.get('nginx'), data.get('ntp.servers')]", {
      'data/site.yaml': 'nginx: { workers: 1, port: 8080 }\nntp: { servers: [a, b] }\n',
      'data/os/bookworm.yml': 'ntp:\n  servers: [debian]\n',
      'data/env/test.json': '{ "nginx": { "port": 8443 } }',
      'data/role/web.ts': 'const workers: number = 2 + 2\nexport default { nginx: { workers } }',
      'data/host/web-2.yaml': 'ntp: { servers: [local, { $remove: a }] }\n',
    })
    expect((await compile('web-1')).shown).toEqual([{ workers: 4, port: 8443 }, ['debian', 'a', 'b']])
    expect((await compile('web-2')).shown).toEqual([{ workers: 4, port: 8443 }, ['local', 'debian', 'b']])
  })

  it('is read as precisely as facts: a host with a layer of its own shares the catalog that does not use it', async () => {
    const compile = await served(workers, {
      'data/site.yaml': 'nginx: { workers: 2 }\n',
      'data/host/web-2.yaml': 'nginx: { port: 8080 }\n',
      'data/host/web-3.yaml': 'nginx: { workers: 3 }\n',
      'data/host/web-4.yaml': 'nginx: { workers: 3 }\n',
    })
    expect(await compile('web-1')).toEqual({ shown: 2, cached: false })
    expect(await compile('web-2')).toEqual({ shown: 2, cached: true })
    expect(await compile('web-3')).toEqual({ shown: 3, cached: false })
    expect(await compile('web-4')).toEqual({ shown: 3, cached: true })
  })

  it('is read whole where layers are merged, since all of it was checked', async () => {
    const compile = await served("data.get('users')?.alice?.uid ?? 0", {
      'data/site.yaml': 'users: { alice: { uid: 1 } }\n',
      'data/host/web-2.yaml': 'users: { bob: {} }\n',
    })
    expect(await compile('web-1')).toEqual({ shown: 1, cached: false })
    await expect(compile('web-2')).rejects.toMatchObject({
      message:
        'Cannot use data "users.bob.uid": wanted a value, found nothing, merged for host "web-2" of data/host/web-2.yaml, data/site.yaml',
      where: 'site.ts:11',
    })
  })

  it('does not let a fact lead to another layer', async () => {
    const compile = await served(workers, {
      'data/site.yaml': 'nginx: { workers: 2 }\n',
      'data/host/web-9.yaml': 'nginx: { workers: 9 }\n',
    })
    const facts = sampleFacts('web-1')
    expect(
      await compile('web-1', { ...facts, os: { ...facts.os, codename: '../host/web-9' } }),
    ).toMatchObject({ shown: 2 })
  })

  it('that each host has in its own layer is checked for such a host', async () => {
    const compile = await served(workers, { 'data/host/web-7.yaml': 'nginx: { workers: 7 }\n' })
    expect((await compile('web-7')).shown).toBe(7)
    await expect(compile('web-8')).rejects.toMatchObject({
      message:
        'Cannot read data "nginx.workers": no layer of host "web-8" has it; looked at host/web-8 (no such layer), ' +
        'role/web (no such layer), env/test (no such layer), os/bookworm (no such layer), site (no such layer)',
    })
  })

  it('is there again after a restart', async () => {
    const first = open()
    const checked = await first.check(writeSite(workers, { 'data/site.yaml': 'nginx: { workers: 2 }\n' }))
    const second = open()
    await second.restore(checked.revision)
    expect((await second.compile('web-1', sampleFacts('web-1'))).cached).toBe(false)
    expect((await second.compile('web-2', sampleFacts('web-2'))).cached).toBe(true)
  })
})

describe('a rule that asks data', () => {
  const both = {
    'site.ts': `import { field, file, layers, role, site } from 'rekindle'
const data = layers({ hierarchy: ['host/{host}', 'role/{role}', 'os/{facts.os.codename}', 'site'], schema: {
  place: { kind: field.text() } } })
const edge = role('edge', () => { file('/etc/edge', { content: '' }) })
const core = role('core', () => { file('/etc/core', { content: '' }) })
export default site({ data, hosts: [
  { match: 'web-*', when: { 'data.place.kind': 'edge' }, role: edge },
  { match: 'web-*', role: core },
] })
`,
    'data/host/web-1.yaml': 'place: { kind: edge }\n',
    'data/role/core.yaml': 'place: { kind: edge }\n',
    'data/os/trixie.yaml': 'place: { kind: edge }\n',
    'data/site.yaml': 'place: { kind: core }\n',
  }
  const older = (host: string) => {
    const facts = sampleFacts(host)
    return { ...facts, os: { ...facts.os, codename: 'trixie' } }
  }

  it('finds the layers that the host looks at, and never those of a role', async () => {
    const compiler = open()
    expect(await compiler.check(writeSite('0', both))).toMatchObject({ ok: true })
    const roleOf = async (host: string, facts = sampleFacts(host)) =>
      (await compiler.compile(host, facts)).role
    expect([await roleOf('web-1'), await roleOf('web-2'), await roleOf('web-2', older('web-2'))]).toEqual([
      'edge',
      'core',
      'edge',
    ])
    expect(compiler.ruleData('web-1', undefined)).toEqual({ place: { kind: 'edge' } })
  })

  it('is recorded, so that the key, its layers and the facts that choose them name the host', async () => {
    const compiler = open()
    await compiler.check(writeSite('0', both))
    const { uses, reads } = await compiler.compile('web-2', sampleFacts('web-2'))
    const known = { host: 'web-2', role: 'core', facts: sampleFacts('web-2'), uses: { ...uses, reads } }
    const why = (kind: 'data' | 'fact', name: string) => whyAffected(known, { kind, name })
    expect(why('data', 'place.kind')).toBe('a rule asks data.place.kind')
    expect(why('data', 'place')).toBe('a rule asks data.place.kind')
    expect(why('data', 'other')).toBeUndefined()
    expect(why('fact', 'os.codename')).toBe('looks at data/os/{facts.os.codename}')
    expect(whyAffected(known, { kind: 'file', path: 'data/host/web-2.yaml' })).toBe(
      'looks at data/host/web-2',
    )
    expect(whyAffected(known, { kind: 'file', path: 'data/role/core.yaml' })).toBeUndefined()
  })

  it('leads a lookup to the role that the host has', async () => {
    const looked = (host: string) =>
      lookUp(
        { siteDir: writeSite('0', both), key: 'place.kind', host, facts: sampleFacts(host) },
        { stageDir },
      )
    const [edge] = await looked('web-1')
    expect(edge?.layers.map(({ name }) => name)).toContain('role/edge')
    const [core] = await looked('web-2')
    expect(core?.value).toBe('edge')
    expect(core?.layers.map(({ name }) => name)).toContain('role/core')
  })
})

describe('check() tells of data', () => {
  const good = { 'data/site.yaml': 'nginx: { workers: 2 }\n' }
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[] = [
    [
      'that breaks its schema, in YAML',
      { 'data/site.yaml': 'nginx:\n  workers: 0\nntp:\n  servers:\n    - { $remove: x }\n    - 7\n' },
      [
        'data/site.yaml:2:12: Cannot use data "nginx.workers": wanted >= 1, found 0',
        'data/site.yaml:6:7: Cannot use data "ntp.servers.1": wanted string, found 7',
      ],
    ],
    [
      'that breaks its schema, in JSON',
      { ...good, 'data/host/web-1.json': '{\n  "nginx": { "workers": "many" }\n}' },
      ['data/host/web-1.json:2:25: Cannot use data "nginx.workers": wanted integer, found "many"'],
    ],
    [
      'that breaks its schema, in TypeScript',
      { ...good, 'data/role/web.ts': "export default { nginx: { workers: 'many' } }" },
      ['data/role/web.ts: Cannot use data "nginx.workers": wanted integer, found "many"'],
    ],
    [
      'that the schema does not have',
      { 'data/site.yaml': 'nginx: { workers: 2 }\nusres: {}\n' },
      ['data/site.yaml:2:8: Cannot use data "usres": the schema has no such key'],
    ],
    [
      'in bad YAML',
      { 'data/site.yaml': 'nginx:\n  workers: [1\n' },
      [
        'data/site.yaml:3:1: Cannot read YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
      ],
    ],
    [
      'in bad JSON',
      { ...good, 'data/role/web.json': '{\n  "nginx": {,}\n}' },
      ['data/role/web.json:2:13: Cannot read JSON: value expected'],
    ],
    [
      'whose key stands twice, in YAML',
      { 'data/site.yaml': 'nginx:\n  workers: 2\n  workers: 3\n' },
      ['data/site.yaml:3:3: Cannot read the layer: key "workers" stands twice in one object'],
    ],
    [
      'whose key stands twice, in JSON',
      { ...good, 'data/role/web.json': '{ "nginx": {\n  "port": 1, "port": 2 } }' },
      ['data/role/web.json:2:14: Cannot read the layer: key "port" stands twice in one object'],
    ],
    [
      'that is no keys and values',
      { ...good, 'data/role/web.yaml': '- nginx\n' },
      ['data/role/web.yaml:1:1: Cannot use layer "data/role/web.yaml": wanted keys and values, found a list'],
    ],
    [
      'whose layer throws',
      { ...good, 'data/role/web.ts': "\nthrow new TypeError('no luck')\nexport default {}" },
      ['data/role/web.ts:2: Cannot use layer "data/role/web.ts": it threw TypeError: no luck'],
    ],
    [
      'whose layer reads the clock',
      { ...good, 'data/role/web.ts': 'export default { nginx: { port: Date.now() } }' },
      ['data/role/web.ts:1: Cannot use Date.now() in a compile: a compile has no clock'],
    ],
    [
      'whose layer opens connections',
      { ...good, 'data/role/web.ts': "import 'node:net'\nexport default {}" },
      ['data/role/web.ts:1: Cannot import "node:net" in a compile: a compile has no network'],
    ],
    [
      'whose layer waits',
      { ...good, 'data/role/web.ts': 'await null\nexport default {}' },
      ['data/role/web.ts: Cannot use layer "data/role/web.ts": it waits for something'],
    ],
    [
      'whose layer is a promise',
      { ...good, 'data/role/web.ts': 'export default Promise.resolve({})' },
      [
        'data/role/web.ts: Cannot use layer "data/role/web.ts": wanted keys and values, found "[object Promise]"',
      ],
    ],
    [
      'whose layer exports nothing',
      { ...good, 'data/role/web.ts': 'export const nginx = {}' },
      ['data/role/web.ts: Cannot use layer "data/role/web.ts": it has no default export'],
    ],
    [
      'of which one layer is two files',
      { ...good, 'data/site.json': '{}' },
      ['data/site.yaml: Cannot choose between "data/site.yaml" and "data/site.json": they are one layer'],
    ],
    ['that has no folder', {}, ['site.ts:2: Cannot read data: the site has no folder "data"']],
    [
      'that no layer has',
      { 'data/site.yaml': '# nothing yet\n' },
      [
        'site.ts:11: Cannot read data "nginx.workers": no layer of host "web-1" has it; looked at host/web-1 (no such layer), ' +
          'role/web (no such layer), env/test (no such layer), os/bookworm (no such layer), data/site.yaml',
      ],
    ],
  ]
  it.each(cases)('%s', async (_, layers, problems) => {
    expect(await problemsOf(workers, layers)).toEqual(problems)
  })

  it('that the schema does not have, where a role reads it', async () => {
    expect(await problemsOf("data.get('ngnix')", good)).toEqual([
      'site.ts:11: Cannot read data "ngnix": the schema has no such key',
    ])
  })

  it('that another site() would have to give', async () => {
    const problems = await problemsOf(
      "layers({ hierarchy: ['site'], schema: { a: field.text() } }).get('a')",
      good,
    )
    expect(problems).toEqual(['site.ts:11: Cannot read data "a": the site does not have this data'])
  })

  it.each([
    ["{ hierarchy: ['{hots}'], schema: {} }", 'layer "{hots}" of the hierarchy: it has {hots}; known are'],
    ["{ hierarchy: ['../site'], schema: {} }", 'layer "../site" of the hierarchy: wanted a path below'],
    ['{ hierarchy: [], schema: {} }', 'the hierarchy has no layers'],
    ["{ hierarchy: ['site'], schema: { a: 'text' } }", 'schema "a": wanted a field or a section of fields'],
    ["{ hierarchy: ['site'], schema: { 'a.b': field.text() } }", 'schema "a.b": a key has letters'],
    [
      "{ hierarchy: ['site'], schema: { a: field.json({ merge: 'deepest' }) } }",
      'schema "a": no merge is called "deepest"',
    ],
  ])('that layers(%s) cannot declare', async (options, message) => {
    const problems = await problemsOf(workers, {
      ...good,
      'site.ts': `import { field, layers } from 'rekindle'\nexport default layers(${options})\n`,
    })
    expect(problems).toEqual([expect.stringContaining(`site.ts:2: Cannot use the data: ${message}`)])
  })

  it('whose default or schema is wrong', async () => {
    const problems = await problemsOf(workers, {
      ...good,
      'site.ts': `import { field, layers, role, site } from 'rekindle'
const data = layers({
  hierarchy: ['site'],
  schema: { a: { b: field.integer({ default: 0, minimum: 1 }) }, c: field.json({ type: 'txt' }), d: field.json({ formta: 'x' }) },
})
export default site({ hosts: [{ match: '*', role: role('web', () => {}) }], data })`,
    })
    expect(problems).toEqual([
      'site.ts:2: Cannot use the default of data "a.b": wanted >= 1, found 0',
      expect.stringContaining('site.ts:2: Cannot use the schema of data "c": schema is invalid'),
      'site.ts:2: Cannot use the schema of data "d": strict mode: unknown keyword: "formta"',
    ])
  })

  it('that no host looks at, as a warning', async () => {
    const checked = await open().check(
      writeSite(workers, {
        ...good,
        'data/hosts/web-1.yaml': 'nginx: {}',
        'data/host/db-1.yaml': 'nginx: {}',
        'data/role/wbe.yaml': 'nginx: {}',
        'data/env/tets.yaml': 'nginx: {}',
      }),
    )
    expect(checked.ok && checked.warnings.map(({ where, message, hint }) => [where, message, hint])).toEqual([
      ['data/env/tets', 'No host is in environment "tets"', 'Did you mean "test"?'],
      ['data/host/db-1', 'No rule of the site matches host "db-1"', null],
      [
        'data/hosts/web-1',
        'No host looks at "hosts/web-1": its name fits no layer of the hierarchy',
        'Layers: host/{host}, role/{role}, env/{environment}, os/{facts.os.codename}, site',
      ],
      ['data/role/wbe', 'No host has role "wbe"', 'Did you mean "web"?'],
    ])
  })
})

describe('lookUp()', () => {
  const ask = (key: string, host = 'web-1') =>
    lookUp({ siteDir: site, key, host, facts: sampleFacts(host) }, { stageDir })

  it('tells what each layer has, and where', async () => {
    writeSite('never()', {
      'data/site.yaml': 'nginx:\n  workers: 2\n',
      'data/role/web.json': '{ "nginx": { "workers": 4 } }',
      'data/host/web-1.yaml': 'ntp: {}',
    })
    expect(await ask('nginx.workers')).toMatchObject([
      {
        key: 'nginx.workers',
        value: 4,
        strategy: 'first',
        isDefault: false,
        problem: null,
        layers: [
          { name: 'host/web-1', file: 'data/host/web-1.yaml', part: 'silent' },
          { name: 'role/web', file: 'data/role/web.json', where: 'data/role/web.json:1:25', part: 'wins' },
          { name: 'env/test', part: 'silent' },
          { name: 'os/bookworm', part: 'silent' },
          { name: 'site', value: 2, where: 'data/site.yaml:2:12', part: 'covered' },
        ],
      },
    ])
  })

  it('is told the key, the host or the layer that is wrong', async () => {
    writeSite(workers, { 'data/site.yaml': 'nginx: { workers: 0 }' })
    await expect(ask('nginx')).rejects.toMatchObject({
      message: 'Cannot use data "nginx.workers": wanted >= 1, found 0',
      where: 'data/site.yaml:1:19',
    })
    await expect(ask('ngnix')).rejects.toMatchObject({
      message: 'Cannot read data "ngnix": the schema has no such key',
      hint: 'Did you mean "nginx"?',
    })
    await expect(ask('nginx', 'mail-1')).rejects.toMatchObject({ code: 'not-found' })
  })

  it('refuses a site that has no data', async () => {
    writeSite(workers, {
      'site.ts':
        "import { role, site } from 'rekindle'\nexport default site({ hosts: [{ match: '*', role: role('web', () => {}) }] })",
    })
    await expect(ask('nginx')).rejects.toThrow('Cannot look data up: the site has none')
  })
})
