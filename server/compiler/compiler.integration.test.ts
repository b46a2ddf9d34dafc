/** Real sandboxes: what a site may do, what it may not, and what its author is told. */
import { hash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { sampleFacts } from '../../catalogs/api/sample.ts'
import type { Facts } from '../../schemas/generated/types.ts'
import { diagnose } from '../../schemas/validate.ts'
import { type CompilerOptions, createCompiler } from './compiler.ts'

const dir = mkdtempSync(join(tmpdir(), 'rekindle-compiler-'))
const stageDir = join(dir, 'stage')
const site = join(dir, 'site')
const openCompilers: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const compiler of openCompilers.splice(0)) await compiler.close()
  rmSync(site, { recursive: true, force: true })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function open(options: Partial<CompilerOptions> = {}) {
  const compiler = createCompiler({ stageDir, ...options })
  openCompilers.push(compiler)
  return compiler
}

function writeSite(files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(site, path)), { recursive: true })
    writeFileSync(join(site, path), text)
  }
  return site
}

const imports =
  "import { exec, facts, file, group, host, pkg, pool, role, service, site, template, user } from 'rekindle'"
const end = "export default site({ hosts: [{ match: 'web-*', role: web }] })"

/** Line 1 imports; the body of the role begins at line 3. */
function webRole(body: string): Record<string, string> {
  return { 'site.ts': `${imports}\nconst web = role('web', () => {\n${body}\n})\n${end}\n` }
}

function withCpus(host: string, count: number): Facts {
  const facts = sampleFacts(host)
  return { ...facts, cpu: { ...facts.cpu, count } }
}

/** `where: message`, one for each problem. */
async function problemsOf(files: Readonly<Record<string, string>>, options: Partial<CompilerOptions> = {}) {
  const result = await open(options).check(writeSite(files))
  if (result.ok) throw new Error('Cannot test problems: the site is good')
  return result.problems.map(({ where, message }) => `${where}: ${message}`)
}

const designSample = `import { role, site, file, pkg, service, facts, template } from 'rekindle'

export const web = role('web', () => {
  const nginx = pkg('nginx')
  const conf = file('/etc/nginx/nginx.conf', {
    content: template('nginx.conf.eta', { workers: facts.cpu.count }),
    require: nginx,
    validate: 'nginx -t -c %',
  })
  service('nginx', { ensure: 'running', enable: true, subscribe: conf })
})

export default site({ hosts: [{ match: 'web-*', role: web }] })
`

describe('a good site', () => {
  const files = { 'site.ts': designSample, 'nginx.conf.eta': 'worker_processes <%= it.workers %>;\n' }

  it('gives a manifest in which the pool is named after the role, with every rail on', async () => {
    expect(await open().check(writeSite(files))).toEqual({
      ok: true,
      revision: expect.stringMatching(/^[0-9a-f]{12}$/),
      manifest: {
        roles: ['web'],
        pools: [
          {
            name: 'web',
            order: 'surge',
            drift: 'correct',
            concurrent: 1,
            minHealthy: 1,
            cooldownSeconds: 900,
            breakerAfter: 2,
            maxDropPercent: 50,
            protect: [],
            health: [],
          },
        ],
        hosts: [{ match: ['web-*'], roles: ['web'], pool: 'web', where: 'site.ts:13' }],
      },
      warnings: [],
      secrets: [],
    })
  })

  it('compiles to a valid catalog, contents beside it, with the places of declaration', async () => {
    const compiler = open()
    const { revision } = await compiler.check(writeSite(files))
    const { catalog, blobs, role, pool, cached } = await compiler.compile('web-1', sampleFacts('web-1'))
    expect(diagnose('protocol/catalog', catalog)).toEqual([])
    expect({ role, pool, cached }).toEqual({ role: 'web', pool: 'web', cached: false })
    const content = 'worker_processes 2;\n'
    const blob = { sha256: hash('sha256', content), size: content.length }
    expect(catalog).toEqual({
      version: 1,
      host: 'web-1',
      role: 'web',
      revision,
      drift: 'correct',
      resources: [
        { id: 'package:nginx', type: 'package', title: 'nginx', params: {}, where: 'site.ts:4' },
        {
          id: 'file:/etc/nginx/nginx.conf',
          type: 'file',
          title: '/etc/nginx/nginx.conf',
          params: { validate: 'nginx -t -c %', blob },
          require: ['package:nginx'],
          notify: ['service:nginx'],
          where: 'site.ts:5',
        },
        {
          id: 'service:nginx',
          type: 'service',
          title: 'nginx',
          params: { ensure: 'running', enable: true },
          require: ['package:nginx', 'file:/etc/nginx/nginx.conf'],
          where: 'site.ts:10',
        },
      ],
    })
    expect([...blobs.values()].map((bytes) => Buffer.from(bytes).toString())).toEqual([content])
  })

  it('compiles once for hosts whose read facts are equal, and again when one differs', async () => {
    const compiler = open()
    await compiler.check(writeSite(files))
    const first = await compiler.compile('web-1', sampleFacts('web-1'))
    const second = await compiler.compile('web-2', sampleFacts('web-2'))
    const third = await compiler.compile('web-2', withCpus('web-2', 64))
    expect([first, second, third].map(({ cached }) => cached)).toEqual([false, true, false])
    expect(second.catalog).toEqual({ ...first.catalog, host: 'web-2' })
    expect(Buffer.concat([...third.blobs.values()]).toString()).toBe('worker_processes 64;\n')
  })

  it('compiles again for another version of a package that was read, and for no other package', async () => {
    const compiler = open()
    await compiler.check(
      writeSite(webRole("file('/a', { content: `${facts.packages.nginx} ${facts.packages.none}` })")),
    )
    const compileWith = async (packages: Facts['packages']) => {
      const { blobs, cached } = await compiler.compile('web-1', { ...sampleFacts('web-1'), packages })
      return [Buffer.concat([...blobs.values()]).toString(), cached]
    }
    expect(await compileWith({ nginx: '1', bash: '5' })).toEqual(['1 undefined', false])
    expect(await compileWith({ nginx: '1', bash: '6', adduser: '3' })).toEqual(['1 undefined', true])
    expect(await compileWith({ nginx: '2', bash: '6' })).toEqual(['2 undefined', false])
    expect(await compileWith({})).toEqual(['undefined undefined', false])
  })

  it('compiles with what the server knows of the host, and once for hosts that differ in nothing that was read', async () => {
    const compiler = open()
    await compiler.check(
      writeSite(webRole("file('/a', { content: `${host.pool} ${host.attributes.rack}` })")),
    )
    const compileAs = async (
      host: string,
      life?: { incarnation: number; attributes: Record<string, string> },
    ) => {
      const claims = { ...sampleFacts(host), custom: { attributes: { rack: 'evil' }, pool: 'evil' } }
      const { blobs, cached } = await compiler.compile(host, claims, {
        ...(life === undefined ? {} : { life }),
      })
      return [Buffer.concat([...blobs.values()]).toString(), cached]
    }
    expect(await compileAs('web-1')).toEqual(['web undefined', false])
    expect(await compileAs('web-2', { incarnation: 7, attributes: { rack: 'b4' } })).toEqual([
      'web b4',
      false,
    ])
    expect(await compileAs('web-3', { incarnation: 8, attributes: { rack: 'b4', zone: 'x' } })).toEqual([
      'web b4',
      true,
    ])
  })

  it('goes on without a fact that breaks its schema, and says so, found again or not', async () => {
    const compiler = open()
    const { 'site.ts': text = '' } = webRole(
      "file('/a', { content: `row ${rack.value?.row} ${rack.value === undefined}` })",
    )
    const declared = text
      .replace('import { ', 'import { customFact, ')
      .replace(
        'const web',
        "const rack = customFact('rack', { type: 'object', properties: { row: { type: 'integer' } } })\nconst web",
      )
    await compiler.check(writeSite({ 'site.ts': declared }))
    const compileWith = async (custom: Facts['custom']) => {
      const { blobs, cached, factProblems } = await compiler.compile('web-1', {
        ...sampleFacts('web-1'),
        custom,
      })
      return { text: Buffer.concat([...blobs.values()]).toString(), cached, problems: factProblems }
    }
    const reason = 'it breaks its schema: /row: wanted integer, found "x"'
    const problems = [{ fact: 'rack', source: 'site.ts:2', reason, kept: false }]
    const without = { text: 'row undefined true', problems }
    expect(await compileWith({ rack: { row: 4 } })).toEqual({
      text: 'row 4 false',
      cached: false,
      problems: [],
    })
    expect(await compileWith({ rack: { row: 'x' } })).toEqual({ ...without, cached: false })
    expect(await compileWith({ rack: { row: 'x' }, other: 1 })).toEqual({ ...without, cached: true })
    expect(await compileWith({})).toEqual({ ...without, cached: false, problems: [] })
  })

  it('keeps the revision when nothing changed, and gives another when a byte did', async () => {
    const compiler = open()
    const first = await compiler.check(writeSite(files))
    expect(await compiler.check(site)).toEqual(first)
    const second = await compiler.check(writeSite({ 'nginx.conf.eta': 'worker_processes auto;\n' }))
    expect(second.revision).not.toBe(first.revision)
  })

  it('is taken up again by its revision after a restart, though its folder is gone', async () => {
    const first = open()
    const { revision } = await first.check(writeSite(files))
    await first.close()
    rmSync(site, { recursive: true })
    const second = open()
    expect((await second.restore(revision)).roles).toEqual(['web'])
    expect((await second.compile('web-1', sampleFacts('web-1'))).catalog.revision).toBe(revision)
    await expect(second.restore('000000000000')).rejects.toMatchObject({ code: 'not-found' })
    await expect(second.restore('../stage')).rejects.toMatchObject({ code: 'not-found' })
  })

  it('is told of its races at a check, and served all the same', async () => {
    const compiler = open()
    const checked = await compiler.check(
      writeSite(webRole("pkg('nginx')\nfile('/etc/nginx/nginx.conf', { content: 'x' })")),
    )
    expect(checked).toMatchObject({
      ok: true,
      warnings: [
        {
          message: expect.stringMatching(
            /^Nothing orders file "\/etc\/nginx\/nginx.conf" and package "nginx" \(site.ts:3\)\. /,
          ),
          where: 'site.ts:4',
          hint: 'Give one of them "require" or "before" with the other',
        },
      ],
    })
    expect((await compiler.compile('web-1', sampleFacts('web-1'))).warnings).toEqual([])
  })

  it('may be spread over files, read its own data, and hash', async () => {
    const compiler = open()
    await compiler.check(
      writeSite({
        'site.ts': `import { site } from 'rekindle'\nimport { web } from './roles/web.ts'\n${end}`,
        'roles/web.ts': `import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { file, role } from 'rekindle'
import motd from '../data/motd.json' with { type: 'json' }
export const web = role('web', () => {
  const data = readFileSync(import.meta.dirname + '/../data/motd.json', 'utf8')
  file('/etc/motd', { content: motd.text + createHash('sha256').update(data).digest('hex').length })
  file('/etc/raw', { source: 'data/motd.json' })
})`,
        'data/motd.json': '{ "text": "Welcome " }',
      }),
    )
    const { catalog, blobs } = await compiler.compile('web-1', sampleFacts('web-1'))
    expect(catalog.resources.map(({ where }) => where)).toEqual(['roles/web.ts:7', 'roles/web.ts:8'])
    expect([...blobs.values()].map(String)).toHaveLength(2)
    expect(Buffer.concat([...blobs.values()]).toString()).toBe('Welcome 64{ "text": "Welcome " }')
  })

  it('has its packages, but for those of development', async () => {
    const lock = {
      packages: {
        'node_modules/greeting': {},
        'node_modules/vitest': { dev: true },
        'node_modules/@a/b': {},
      },
    }
    const compiler = open()
    const { revision } = await compiler.check(
      writeSite({
        'site.ts': `import { greeting } from 'greeting'\n${webRole("file('/etc/motd', { content: greeting })")['site.ts']}`,
        'node_modules/.package-lock.json': JSON.stringify(lock),
        'node_modules/greeting/package.json': '{ "type": "module", "exports": "./index.js" }',
        'node_modules/greeting/index.js': "export const greeting = 'hello'",
        'node_modules/vitest/index.js': '',
        'node_modules/@a/b/index.js': '',
      }),
    )
    const { blobs } = await compiler.compile('web-1', sampleFacts('web-1'))
    expect(Buffer.concat([...blobs.values()]).toString()).toBe('hello')
    expect(readdirSync(join(stageDir, revision, 'node_modules'))).toEqual(['@a', 'greeting'])
  })

  it('gives the pool’s drift policy to the catalog', async () => {
    const compiler = open()
    await compiler.check(
      writeSite({
        'site.ts': `${imports}
const web = role('web', () => {})
export default site({ hosts: [{ match: '*', role: web, pool: pool('front', { drift: 'rebuild' }) }] })`,
      }),
    )
    const { catalog, pool } = await compiler.compile('any', sampleFacts('any'))
    expect({ pool, drift: catalog.drift }).toEqual({ pool: 'front', drift: 'rebuild' })
  })
})

describe('a bad site', () => {
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[] = [
    [
      'a TypeError in a role',
      webRole("const found = undefined\nfile('/a', { content: found.text })"),
      [
        `site.ts:4: Cannot compile role "web": TypeError: Cannot read properties of undefined (reading 'text')`,
      ],
    ],
    [
      'a syntax error',
      { 'site.ts': `${imports}\nconst broken = ;\n` },
      ['site.ts:2: Cannot load the site: SyntaxError: Expression expected'],
    ],
    [
      'an environment that is no name of a branch',
      {
        'site.ts': `${imports}\nconst web = role('web', () => {})\nexport default site({ hosts: [{ match: 'web-*', role: web, environment: '../x' }] })\n`,
      },
      [
        'site.ts:3: Cannot use the rule {"match":"web-*","role":"role web","environment":"../x"}: "environment" wants the name of a branch or tag',
      ],
    ],
    [
      'TypeScript that is more than types',
      { 'site.ts': `${imports}\nenum Colour { Red }\n` },
      ['site.ts:2: Cannot load the site: SyntaxError: TypeScript enum is not supported in strip-only mode'],
    ],
    [
      'every mistake of a role at once',
      webRole(`file('/a', { contnet: 'x', mode: 420 })
pkg('No Such')
service('x', { ensure: 'on' })
service('y', { require: 'nginx' })
file('/b', { content: 'x', source: 'y' })
file('/b/', { ensure: 'directory' })`),
      [
        'site.ts:3: Cannot declare file "/a": unknown parameter "contnet"',
        'site.ts:3: Cannot declare file "/a": parameter "mode": wanted string, found 420',
        'site.ts:4: Cannot declare package "No Such": the title is no name of a Debian package',
        'site.ts:5: Cannot declare service "x": parameter "ensure": wanted one of "running", "stopped", found "on"',
        'site.ts:6: Cannot declare service "y": parameter "require": wanted a resource, found "nginx"',
        'site.ts:7: Cannot declare file "/b": "content" and "source" exclude each other',
        'site.ts:8: Cannot declare file "/b" twice: it is declared at site.ts:7 too',
      ],
    ],
    [
      'a blob set by hand',
      webRole("file('/a', { blob: { sha256: 'x', size: 1 } })"),
      ['site.ts:3: Cannot declare file "/a": unknown parameter "blob"'],
    ],
    [
      'a loop of resources',
      webRole(`const a = file('/a', { content: '' })
const b = file('/b', { content: '', require: a })
file('/c', { content: '', before: a, require: b })`),
      [
        'site.ts:3: Cannot order 3 resources that wait for each other: file "/a" (site.ts:3) waits for file "/c" (site.ts:5) waits for file "/b" (site.ts:4) waits for file "/a" (site.ts:3)',
      ],
    ],
    [
      'a resource that requires itself',
      webRole("const a = file('/a', { content: '', require: a })"),
      [`site.ts:3: Cannot compile role "web": ReferenceError: Cannot access 'a' before initialization`],
    ],
    [
      'a read of /etc/shadow',
      {
        'site.ts': `import { readFileSync } from 'node:fs'\n${webRole("file('/a', { content: readFileSync('/etc/shadow', 'utf8') })")['site.ts']}`,
      },
      ['site.ts:4: Cannot compile role "web": it may not read "/etc/shadow"'],
    ],
    [
      'a write',
      {
        'site.ts': `import { writeFileSync } from 'node:fs'\n${webRole("writeFileSync('site.ts', '')")['site.ts']}`,
      },
      ['site.ts:4: Cannot compile role "web": it may not write "site.ts"'],
    ],
    [
      'a socket',
      { 'site.ts': `import { connect } from 'node:net'\n${webRole('connect(80)')['site.ts']}` },
      ['site.ts:1: Cannot import "node:net" in a compile: a compile has no network'],
    ],
    [
      'a request',
      webRole("fetch('http://127.0.0.1/')"),
      ['site.ts:3: Cannot use fetch in a compile: a compile has no network'],
    ],
    [
      'a process',
      {
        'site.ts': `import { execFileSync } from 'child_process'\n${webRole("execFileSync('id')")['site.ts']}`,
      },
      ['site.ts:1: Cannot import "node:child_process" in a compile: a compile starts no processes'],
    ],
    [
      'a way round the import',
      webRole("process.getBuiltinModule('child_process')"),
      [
        'site.ts:3: Cannot use process.getBuiltinModule() in a compile: a compile has no say over its process',
      ],
    ],
    [
      'a missing template',
      webRole("file('/a', { content: template('no.eta') })"),
      ['site.ts:3: Cannot render template "no.eta": the site has no readable file "no.eta"'],
    ],
    [
      'a template that wants a value that was not given',
      {
        ...webRole("file('/a', { content: template('a.eta', { n: 1 }) })"),
        'a.eta': 'one\ntwo <%= it.m %>\n',
      },
      ['a.eta:2: Cannot render template "a.eta": no value "m" was given; there are: n'],
    ],
    [
      'a source out of the site',
      webRole("file('/a', { source: '../../etc/passwd' })"),
      ['site.ts:3: Cannot declare file "/a": "../../etc/passwd" is not a path inside the site'],
    ],
    [
      'the clock',
      webRole("file('/a', { content: String(Date.now()) })"),
      ['site.ts:3: Cannot use Date.now() in a compile: a compile has no clock'],
    ],
    [
      'today',
      webRole("file('/a', { content: new Date().toISOString() })"),
      ['site.ts:3: Cannot use new Date() in a compile: a compile has no clock'],
    ],
    [
      'chance',
      webRole("file('/a', { content: String(Math.random()) })"),
      ['site.ts:3: Cannot use Math.random() in a compile: a compile has no randomness'],
    ],
    [
      'a random UUID',
      webRole("file('/a', { content: crypto.randomUUID() })"),
      ['site.ts:3: Cannot use crypto.randomUUID() in a compile: a compile has no randomness'],
    ],
    [
      'a role that remembers',
      {
        'site.ts': `${imports}\nlet n = 0\nconst web = role('web', () => {\nfile('/a' + n++, {})\n})\n${end}`,
      },
      ['site.ts:3: Cannot use role "web": compiled twice for the same host, it declares different resources'],
    ],
    [
      'a role that waits',
      { 'site.ts': `${imports}\nconst web = role('web', async () => {})\n${end}` },
      ['site.ts:2: Cannot compile role "web": its function is async'],
    ],
    [
      'a resource outside a role',
      { 'site.ts': `${imports}\npkg('nginx')\n` },
      ['site.ts:2: Cannot declare package "nginx" outside a role'],
    ],
    [
      'facts outside a role',
      { 'site.ts': `${imports}\nexport const n = facts.cpu.count\n` },
      ['site.ts:2: Cannot read facts outside a role'],
    ],
    [
      'a change of facts',
      webRole('facts.cpu.count = 64'),
      [
        'site.ts:3: Cannot compile role "web": TypeError: Cannot change "facts.cpu.count": facts are read-only',
      ],
    ],
    [
      'an import that is not there',
      { 'site.ts': `${imports}\nimport { web } from './roles/web.ts'\n${end}` },
      ["site.ts:2: Cannot load the site: Error: Cannot find module 'roles/web.ts' imported from site.ts"],
    ],
    [
      'a name that rekindle does not have',
      { 'site.ts': "import { packages } from 'rekindle'\n" },
      [
        "site.ts:1: Cannot load the site: SyntaxError: The requested module 'rekindle' does not provide an export named 'packages'",
      ],
    ],
    ['no site.ts', { README: '' }, ['site.ts: Cannot load the site: the folder has no site.ts']],
    [
      'no default export',
      { 'site.ts': `${imports}\n` },
      ['site.ts: Cannot load the site: site.ts has no default export'],
    ],
    [
      'a default export of another kind',
      { 'site.ts': 'export default { hosts: [] }\n' },
      ['site.ts: Cannot load the site: the default export of site.ts is not what site() returns'],
    ],
    [
      'a pool that is not there',
      {
        'site.ts': `${imports}\nconst web = role('web', () => {})\nexport default site({ hosts: [{ match: 'web-*', role: web, pool: 'wbe' }] })`,
      },
      ['site.ts:3: Cannot put hosts "web-*" in pool "wbe": the site has no such pool'],
    ],
    [
      'wrong options of a pool',
      {
        'site.ts': `${imports}\nconst web = role('web', () => {})\nconst front = pool('front', { order: 'fast', cooldown: 3, schedule: 'every day' })\nexport default site({ hosts: [{ match: 'web-*', role: web, pool: front }] })`,
      },
      [
        'site.ts:3: Cannot use pool "front": unknown option "cooldown"',
        'site.ts:3: Cannot use pool "front": option "order": wanted one of "surge", "in-place", found "fast"',
        'site.ts:3: Cannot use pool "front": option "schedule": wanted a cron expression, found "every day"',
      ],
    ],
  ]

  it.each(cases)('is told of: %s', async (_, files, wanted) => {
    expect(await problemsOf(files)).toEqual(wanted)
  })

  it('is told of a loop that does not end, at its line', async () => {
    const files = webRole('let n = 0\nfor (;;) {\n  n++\n}')
    const [problem] = await problemsOf(files, { timeoutMs: 500 })
    expect(problem).toMatch(/^site\.ts:[456]: Cannot compile role "web": it took more than 0\.5 s$/)
  })

  it('is told of a list that grows without end, at its line', async () => {
    const files = webRole("const list = []\nfor (;;) {\n  list.push(Array(1000).fill('x'))\n}")
    const [problem] = await problemsOf(files, { memoryMiB: 48 })
    expect(problem).toMatch(/^site\.ts:[456]: Cannot compile role "web": it took more than 48 MiB of memory$/)
  })

  it('is told of memory outside the heap too', async () => {
    const files = webRole('const list = []\nfor (;;) {\n  list.push(Buffer.alloc(10_000_000, 1))\n}')
    const [problem] = await problemsOf(files, { memoryMiB: 48 })
    expect(problem).toMatch(/^site\.ts:[456]: Cannot compile role "web": it took more than 48 MiB of memory$/)
  })

  it('leaves the revision that is served as it is, and no stage of its own', async () => {
    const compiler = open()
    const good = await compiler.check(writeSite(webRole("pkg('nginx')")))
    const bad = await compiler.check(writeSite(webRole("pkg('No Such')")))
    expect(bad.ok).toBe(false)
    const { catalog } = await compiler.compile('web-1', sampleFacts('web-1'))
    expect(catalog.revision).toBe(good.revision)
    expect(existsSync(join(stageDir, good.revision))).toBe(true)
    expect(existsSync(join(stageDir, bad.revision))).toBe(false)
    expect(readdirSync(stageDir).filter((name) => name.startsWith('.'))).toEqual([])
  })
})

describe('policies', () => {
  const site = (policies: string) => ({
    'site.ts': `import { facts, file, pkg, policy, pool, role, service, site } from 'rekindle'
const web = role('web', () => {
  file('/etc/open', { content: 'x', mode: facts.cpu.count > 8 ? '0666' : '0644' })
  service('nginx', { enable: true })
})
${policies}
export default site({ hosts: [{ match: 'web-*', role: web }], policies: [closed, healthy] })`,
  })
  const policies = `const closed = policy('no world-writable file', { level: 'refuse', check: (catalog) => catalog.all('file')
  .filter(({ params }) => /[2367]$/.test(params.mode ?? ''))
  .map((resource) => ({ resource, message: 'everybody may write it', hint: 'Give it a mode such as 0644' })) })
const healthy = policy('every service has a health check', { level: 'warn', check: ({ pool, all }) =>
  pool.health.length > 0 ? [] : all('service').map((resource) => ({ resource, message: 'its pool has none' })) })`
  const warning = {
    message: 'Policy "every service has a health check" warns of service "nginx": its pool has none',
    where: 'site.ts:4',
    hint: null,
  }

  it('warn at a check, and of each catalog, cached or not', async () => {
    const compiler = open()
    const checked = await compiler.check(writeSite(site(policies)))
    expect(checked).toMatchObject({ ok: true, warnings: [warning] })
    expect(await compiler.check(writeSite({}))).toEqual(checked)
    const compiled = [await compiler.compile('web-1', sampleFacts('web-1'))]
    compiled.push(await compiler.compile('web-1', sampleFacts('web-1')))
    expect(compiled.map(({ warnings, cached }) => [warnings, cached])).toEqual([
      [[warning], false],
      [[warning], true],
    ])
  })

  it('refuse the catalog of a host whose facts break one, at the line of the resource', async () => {
    const compiler = open()
    await compiler.check(writeSite(site(policies)))
    const many = withCpus('web-1', 16)
    await expect(compiler.compile('web-1', many)).rejects.toMatchObject({
      code: 'compile-failed',
      message: 'Policy "no world-writable file" refuses file "/etc/open": everybody may write it',
      where: 'site.ts:3',
      hint: 'Give it a mode such as 0644',
      kept: 'the last good catalog',
    })
  })

  it('that read a fact or the pool part hosts that differ in it', async () => {
    const compiler = open()
    await compiler.check(
      writeSite({
        'site.ts': `import { policy, pool, role, site } from 'rekindle'
const web = role('web', () => {})
const seen = policy('seen', { level: 'warn', check: (it) => [{ message: it.pool.name + ' ' + it.facts.virtual }] })
export default site({ policies: [seen], hosts: [
  { match: 'a-*', role: web, pool: pool('front') }, { match: 'b-*', role: web, pool: pool('back') } ] })`,
      }),
    )
    const seen = async (host: string, virtual: string) =>
      (await compiler.compile(host, { ...sampleFacts(host), virtual })).warnings[0]?.message.split(': ')[1]
    expect(await seen('a-1', 'kvm')).toBe('front kvm')
    expect(await seen('b-1', 'kvm')).toBe('back kvm')
    expect(await seen('b-1', 'none')).toBe('back none')
  })

  it('cannot change the catalog that they look at', async () => {
    const compiler = open()
    const files = site(`const closed = policy('a', { level: 'warn', check: (it) => {
  for (const { params } of it.all('file')) params.mode = '0777'
  return [] } })
const healthy = policy('b', { level: 'warn', check: () => [] })`)
    await compiler.check(writeSite(files))
    const { catalog } = await compiler.compile('web-1', sampleFacts('web-1'))
    expect(catalog.resources[0]?.params).toMatchObject({ mode: '0644' })
  })

  it.each([
    [
      'that throws',
      `const closed = policy('a', { level: 'warn', check: ({ all }) => all('file').map((f) => f.nothing.at) })
const healthy = policy('b', { level: 'warn', check: () => [] })`,
      [
        `site.ts:6: Cannot check policy "a" for role "web": Cannot read properties of undefined (reading 'at')`,
      ],
    ],
    [
      'that gives no list',
      `const closed = policy('a', { level: 'warn', check: () => true })
const healthy = policy('b', { level: 'warn', check: () => [] })`,
      ['site.ts:6: Cannot check policy "a" for role "web": its check gives no list'],
    ],
    [
      'that reads the clock',
      `const closed = policy('a', { level: 'warn', check: () => [{ message: String(Date.now()) }] })
const healthy = policy('b', { level: 'warn', check: () => [] })`,
      [
        'site.ts:6: Cannot check policy "a" for role "web": Cannot use Date.now() in a compile: a compile has no clock',
      ],
    ],
    [
      'of a wrong level, of no function, of one name, of another kind',
      `const closed = policy('a', { level: 'error', check: () => [] })
const healthy = [policy('b', { level: 'warn' }), policy('c', { level: 'warn', check: () => [] }), policy('c', { level: 'warn', check: () => [] }), 'd']`,
      [
        'site.ts:6: Cannot use policy "a": "level" wants "warn" or "refuse", found "error"',
        'site.ts:7: Cannot use policy "b": "check" wants a function',
        'site.ts:8: Cannot use the policy "d": wanted what policy() or changePolicy() returns',
        'site.ts:7: Cannot tell two policies named "c" apart: the other is at site.ts:7',
      ],
    ],
  ])('are refused with their line: one %s', async (_, text, wanted) => {
    const files = site(text)
    files['site.ts'] = files['site.ts'].replace('[closed, healthy]', '[closed, healthy].flat()')
    expect(await problemsOf(files)).toEqual(wanted)
  })
})

describe('compile()', () => {
  it('refuses before the first good site', async () => {
    await expect(open().compile('web-1', sampleFacts('web-1'))).rejects.toMatchObject({
      code: 'catalog-unavailable',
    })
  })

  it('refuses a host that no rule matches', async () => {
    const compiler = open()
    await compiler.check(writeSite(webRole("pkg('nginx')")))
    await expect(compiler.compile('mail-1', sampleFacts('mail-1'))).rejects.toMatchObject({
      code: 'not-found',
      message: 'Cannot compile a catalog for host "mail-1": no rule of the site matches it',
      where: 'site.ts:5',
      hint: 'Rules match: web-*',
    })
  })

  it('says what facts of a host bring to light, and keeps serving the others', async () => {
    const compiler = open({ timeoutMs: 3_000, memoryMiB: 48 })
    await compiler.check(
      writeSite(
        webRole(`if (facts.cpu.count === 3) throw new Error('three is a crowd')
if (facts.cpu.count === 4) for (;;) {}
const list = []
while (facts.cpu.count === 5) list.push(Array(1000).fill('x'))
pkg('nginx')`),
      ),
    )
    const compileWith = (count: number) => compiler.compile('web-1', withCpus('web-1', count))
    await expect(compileWith(3)).rejects.toMatchObject({
      code: 'compile-failed',
      message: 'Cannot compile role "web": Error: three is a crowd',
      where: 'site.ts:3',
      kept: 'the last good catalog',
    })
    const [hung, grown, good] = await Promise.allSettled([compileWith(4), compileWith(5), compileWith(6)])
    expect(hung).toMatchObject({ reason: { code: 'compile-timeout', where: 'site.ts:4' } })
    expect(grown).toMatchObject({ reason: { code: 'compile-memory', where: 'site.ts:6' } })
    expect(good).toMatchObject({ status: 'fulfilled' })
  })

  it('goes on when its child was killed between two compiles', async () => {
    const compiler = open({ workers: 1 })
    await compiler.check(writeSite(webRole('pkg("nginx"); file("/a", { content: facts.kernel.release })')))
    const children = childrenOfThisProcess()
    expect(children).toHaveLength(1)
    for (const pid of children) process.kill(pid, 'SIGKILL')
    const { catalog } = await compiler.compile('web-1', sampleFacts('web-1'))
    expect(catalog.resources).toHaveLength(2)
  })

  it('ends children that have no work, and starts another when there is some', async () => {
    const compiler = open({ idleMs: 1 })
    await compiler.check(writeSite(webRole('pkg("nginx"); file("/a", { content: facts.kernel.release })')))
    await vi.waitUntil(() => childrenOfThisProcess().length === 0)
    const { catalog } = await compiler.compile('web-1', sampleFacts('web-1'))
    expect(catalog.resources).toHaveLength(2)
  })

  it('serves each environment a revision of its own, and shares what is the same', async () => {
    const compiler = open({ workers: 1 })
    const compiled = async (environment: string) =>
      (await compiler.compile('web-1', sampleFacts('web-1'), { environment })).catalog.resources[0]?.id
    await compiler.check(writeSite(webRole("pkg('nginx')")))
    await compiler.check(site, 'staging')
    expect(childrenOfThisProcess()).toHaveLength(1)
    await compiler.check(writeSite(webRole("pkg('caddy')")), 'staging')
    expect([await compiled(''), await compiled('staging')]).toEqual(['package:nginx', 'package:caddy'])
    await compiler.check(writeSite(webRole('nothing()')), 'staging')
    expect(await compiled('staging')).toBe('package:caddy')
    compiler.retire('staging')
    await expect(compiled('staging')).rejects.toMatchObject({
      code: 'catalog-unavailable',
      message: 'Cannot compile a catalog: no revision of environment "staging" has been good yet',
    })
    expect(await compiled('')).toBe('package:nginx')
  })

  it('forgets staged revisions but those that are served or kept', async () => {
    const compiler = open()
    const revisions: string[] = []
    for (const name of ['nginx', 'caddy', 'curl']) {
      revisions.push((await compiler.check(writeSite(webRole(`pkg('${name}')`)))).revision)
    }
    const [first, second, third] = revisions
    await compiler.prune([first ?? ''])
    const staged = readdirSync(stageDir)
    expect([first, second, third].map((revision) => staged.includes(revision ?? ''))).toEqual([
      true,
      false,
      true,
    ])
  })

  it('leaves no child behind when it is closed', async () => {
    const compiler = open()
    await compiler.check(writeSite(webRole("pkg('nginx')")))
    expect(childrenOfThisProcess()).toHaveLength(1)
    await compiler.close()
    expect(childrenOfThisProcess()).toEqual([])
  })
})

/** Sandboxes that this test runs now. */
function childrenOfThisProcess(): readonly number[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim()
  return children
    .split(' ')
    .filter((pid) => pid !== '' && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('sandbox.ts'))
    .map(Number)
}

describe('several roles', () => {
  const roles = (base: string, web: string, rule = 'roles: [base, web]') => ({
    'site.ts': `${imports}
const base = role('base', () => { ${base} })
const web = role('web', () => {
  ${web}
})
export default site({ hosts: [{ match: 'web-*', ${rule} }] })
`,
  })

  it('are one catalog, in their order, in the pool of the last', async () => {
    const compiler = open()
    const checked = await compiler.check(writeSite(roles("pkg('curl')", "pkg('nginx')")))
    expect(checked).toMatchObject({ manifest: { roles: ['base', 'web'], pools: [{ name: 'web' }] } })
    const { catalog, pool } = await compiler.compile('web-1', sampleFacts('web-1'))
    expect(catalog.resources.map(({ id }) => id)).toEqual(['package:curl', 'package:nginx'])
    expect([catalog.role, pool]).toEqual(['base+web', 'web'])
  })

  it('are ordered by what they declare, whichever comes first', async () => {
    const compiler = open()
    await compiler.check(
      writeSite(roles("file('/srv/a/b', { content: 'b' })", "file('/srv/a', { ensure: 'directory' })")),
    )
    const { catalog } = await compiler.compile('web-1', sampleFacts('web-1'))
    expect(catalog.resources.map(({ id }) => id)).toEqual(['file:/srv/a', 'file:/srv/a/b'])
  })

  it('may not declare the same thing', async () => {
    expect(await problemsOf(roles("pkg('nginx')", "pkg('nginx')"))).toEqual([
      'site.ts:4: Cannot declare package "nginx" twice: it is declared at site.ts:2 too',
    ])
  })

  it('name the one of them that threw', async () => {
    expect(await problemsOf(roles('', "throw new Error('no')"))).toEqual([
      'site.ts:4: Cannot compile role "web": Error: no',
    ])
  })

  it.each([
    ['pool: "a"', '{"match":"web-*","pool":"a"}: it has neither "role" nor "roles"'],
    ['roles: []', '{"match":"web-*","roles":[]}: "roles" is empty'],
    ['roles: base', '{"match":"web-*","roles":"role base"}: "roles" wants a list of what role() returns'],
    [
      'role: web, roles: [base]',
      '{"match":"web-*","role":"role web","roles":["role base"]}: it has both "role" and "roles"',
    ],
    [
      'roles: [base, "web"]',
      '{"match":"web-*","roles":["role base","web"]}: "roles" wants what role() returns, number 2 is not',
    ],
    [
      'roles: [base, web, base]',
      '{"match":"web-*","roles":["role base","role web","role base"]}: "roles" has role "base" twice',
    ],
  ])('are refused as %s', async (rule, wanted) => {
    expect(await problemsOf(roles('', '', rule))).toEqual([`site.ts:6: Cannot use the rule ${wanted}`])
  })
})

describe('patterns of hosts', () => {
  const matching = (match: string) => ({
    'site.ts': `${imports}
const web = role('web', () => file('/etc/name', { content: host.name }))
export default site({ hosts: [{ match: ${match}, role: web }] })
`,
  })

  it('are several, and regular expressions that no name can make hang', async () => {
    const compiler = open()
    const checked = await compiler.check(writeSite(matching("['web-*', /^(a+)+$/]")))
    expect(checked).toMatchObject({ manifest: { hosts: [{ match: ['web-*', '/^(a+)+$/'] }] } })
    for (const host of ['web-1', 'aaa']) {
      expect(await compiler.compile(host, sampleFacts(host))).toMatchObject({ role: 'web' })
    }
    const none = `${'a'.repeat(60)}-1`
    await expect(compiler.compile(none, sampleFacts(none))).rejects.toMatchObject({
      message: `Cannot compile a catalog for host "${none}": no rule of the site matches it`,
      hint: 'Rules match: web-*, /^(a+)+$/',
    })
  })

  it('are tried out with a name that they match', async () => {
    const files = matching('/^db\\d{2}$/')
    files['site.ts'] = files['site.ts'].replace('host.name', 'host.name === "db11" ? "yes" : null.no')
    expect(await open().check(writeSite(files))).toMatchObject({ ok: true })
  })

  const wanted = '"match" wants a host name, in which * may stand, or a regular expression'
  it.each([
    ['[]', '[],"role":"role web"}: "match" is empty'],
    ['3', `3,"role":"role web"}: ${wanted}`],
    ['["a", ""]', `["a",""],"role":"role web"}: ${wanted}`],
    [
      '"/^web/"',
      '"/^web/","role":"role web"}: "match" has the text "/^web/": a regular expression stands without quotes',
    ],
    [
      '/(?=web)/',
      '"/(?=web)/","role":"role web"}: "match" has /(?=web)/: look-around "(?=" is not supported',
    ],
    ['/web/g', '"/web/g","role":"role web"}: "match" has /web/g: flag "g" means nothing for a host name'],
  ])('are refused as %s', async (match, wrong) => {
    expect(await problemsOf(matching(match))).toEqual([`site.ts:3: Cannot use the rule {"match":${wrong}`])
  })
})

describe('conditions of rules', () => {
  it('put a host under another rule when its facts or attributes are others', async () => {
    const compiler = open()
    const files = {
      'site.ts': `${imports}
const web = role('web', () => pkg('nginx'))
const big = role('big', () => pkg('haproxy'))
export default site({ hosts: [
  { match: 'web-*', when: { 'facts.cpu.count': 16, 'host.attributes.tier': ['gold', /^silver/] }, role: big },
  { match: 'web-1', role: web },
] })
`,
    }
    expect(await compiler.check(writeSite(files))).toMatchObject({ ok: true })
    const compiled = (host: string, cpus: number, tier: string) =>
      compiler.compile(host, withCpus(host, cpus), { life: { incarnation: 1, attributes: { tier } } })
    const found = [
      await compiled('web-1', 2, 'gold'),
      await compiled('web-1', 16, 'silver-2'),
      await compiled('web-1', 16, 'tin'),
    ]
    expect(found.map(({ role, pool }) => [role, pool])).toEqual([
      ['web', 'web'],
      ['big', 'big'],
      ['web', 'web'],
    ])
    await expect(compiled('web-2', 2, 'gold')).rejects.toMatchObject({
      hint: 'Rules match: web-* (when facts.cpu.count and host.attributes.tier), web-1',
    })
  })
})

describe('modules', () => {
  const site = (imported: string, use: string) => ({
    'site.ts': `import { role, site } from 'rekindle'\n${imported}\nconst web = role('web', () => {\n${use}\n})\n${end}\n`,
  })

  it.each(['rekindle/module', 'rekindle/module/ssh'])('are imported from %s', async (from) => {
    const files = site(`import { ssh } from '${from}'`, 'ssh({ keysElsewhere: true })')
    expect(await open().check(writeSite(files))).toMatchObject({ ok: true })
  })

  it('name the line of the role that uses them wrongly', async () => {
    const files = site(
      "import { base, ssh } from 'rekindle/module'",
      'base({ motd: 3 })\nssh()\nbase({ x: 1 })',
    )
    expect(await problemsOf(files)).toEqual([
      'site.ts:4: Cannot use base: option "motd": wanted string, found 3',
      'site.ts:6: Cannot use base: unknown option "x" (1)',
      'site.ts:5: Cannot use ssh: it would leave no way in: the role declares no key of anybody who may log in',
    ])
  })

  it.each(['rekindle/module/none', 'rekindle/module/part/declare', 'rekindle/module/base.test'])(
    'have no %s',
    async (from) => {
      const [problem] = await problemsOf(site(`import { ssh } from '${from}'`, 'ssh()'))
      expect(problem).toMatch(/^site\.ts:2: Cannot load the site: Error: Cannot find package/)
    },
  )
})
