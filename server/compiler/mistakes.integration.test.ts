/** Mistakes that people make in a site: each has its own words, its place, and what to do. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Compiler, createCompiler } from './compiler.ts'

const dir = mkdtempSync(join(tmpdir(), 'rekindle-mistakes-'))
const compiler: Compiler = createCompiler({ stageDir: join(dir, 'stage'), timeoutMs: 5_000 })
let sites = 0

afterAll(async () => {
  await compiler.close()
  rmSync(dir, { recursive: true, force: true })
})

type Files = Readonly<Record<string, string>>

/** `where: message`, and behind an arrow what to do. */
async function told(files: Files): Promise<readonly string[]> {
  sites += 1
  const site = join(dir, String(sites))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(site, path)), { recursive: true })
    writeFileSync(join(site, path), text)
  }
  const checked = await compiler.check(site)
  const problems = checked.ok ? [] : checked.problems
  return problems.map(
    ({ where, message, hint }) => `${where}: ${message}${hint === null ? '' : ` -> ${hint}`}`,
  )
}

const end = "export default site({ hosts: [{ match: 'web-*', role: web }] })"

/** Line 1 imports; the body of the role begins at line 3. */
function webRole(body: string, files: Files = {}): Files {
  const names = 'contain, file, jsonSetting, pkg, role, site, template'
  return {
    'site.ts': `import { ${names} } from 'rekindle'\nconst web = role('web', () => {\n${body}\n})\n${end}\n`,
    ...files,
  }
}

/** Line 2 of site.ts is the given one. */
function loading(line: string, files: Files = {}): Files {
  return { 'site.ts': `import { role, site } from 'rekindle'\n${line}\n${end}\n`, ...files }
}

type Row = readonly [mistake: string, files: Files, ...told: string[]]

/** As `it.each` takes them. */
function cases(...rows: readonly Row[]) {
  return rows.map(([mistake, files, ...wanted]) => [mistake, { files, wanted }] as const)
}

describe('imports', () => {
  it.each(
    cases(
      [
        'a circle of files, where one is needed too early',
        loading("import { web } from './roles/web.ts'", {
          'roles/web.ts':
            "import { role } from 'rekindle'\nimport { base } from './base.ts'\nexport const web = role('web', base)\n",
          'roles/base.ts': "import { web } from './web.ts'\nexport const base = web.declare\n",
        }),
        'roles/base.ts:2: Cannot load the site: files import each other in a circle, and "web" is not there yet: roles/base.ts imports roles/web.ts imports roles/base.ts -> Move what both need into a file of its own',
      ],
      [
        'a name without its ending',
        loading("import { web } from './roles/web'", { 'roles/web.ts': '' }),
        `site.ts:2: Cannot load the site: Error: Cannot find module 'roles/web' imported from site.ts -> Write the whole name: './roles/web.ts'`,
      ],
      [
        'the name of what TypeScript would become elsewhere',
        loading("import { web } from './web.js'", { 'web.ts': '' }),
        `site.ts:2: Cannot load the site: Error: Cannot find module 'web.js' imported from site.ts -> Write the whole name: './web.ts'`,
      ],
      [
        'a file that is not there',
        loading("import { web } from './nowhere.ts'"),
        `site.ts:2: Cannot load the site: Error: Cannot find module 'nowhere.ts' imported from site.ts -> Check the name; paths begin at the importing file`,
      ],
      [
        'a package that is not installed',
        loading("import lodash from '@scope/lodash/fp'"),
        `site.ts:2: Cannot load the site: Error: Cannot find package '@scope/lodash' imported from site.ts -> Install it in the site's folder: npm install @scope/lodash`,
      ],
      [
        'a part of Rekindle that is for tests',
        loading("import { siteCoverage } from 'rekindle/testing/vitest'"),
        `site.ts:2: Cannot load the site: Error: Cannot find package 'rekindle' imported from site.ts -> A site imports 'rekindle'; 'rekindle/testing' and what is below it are for its tests`,
      ],
      [
        'a type as if it were a value',
        loading("import { Reference } from 'rekindle'\nexport const one: Reference | undefined = undefined"),
        `site.ts:2: Cannot load the site: SyntaxError: The requested module 'rekindle' does not provide an export named 'Reference' -> Check the name; a type is imported as one: import { type Reference } from …`,
      ],
      [
        'JSON as if it were code',
        loading("import data from './data.json'", { 'data.json': '{}' }),
        `site.ts:2: Cannot load the site: TypeError: Module "data.json" needs an import attribute of "type: json" -> Import it with { type: 'json' } behind its name`,
      ],
      [
        'YAML as if it were code',
        loading("import data from './data.yaml'", { 'data.yaml': 'a: 1' }),
        'site.ts:2: Cannot load the site: TypeError: Unknown file extension ".yaml" for data.yaml -> Code and JSON are imported; read other files with readFileSync(), or give them as a source',
      ],
    ),
  )('are told of: %s', async (_, { files, wanted }) => {
    expect(await told(files)).toEqual(wanted)
  })

  it.each([
    ['{\n  "a": 1,\n  "b": }\n', 3, "Unexpected token '}'"],
    ['{\n  "a": 1,\n}', 3, 'Expected double-quoted property name in JSON at position 12 (line 3 column 1)'],
    ['[\n1,\ntru\n]', 3, "Unexpected token '\n'"],
    ['{ "a": 1', 1, "Expected ',' or '}' after property value in JSON at position 8 (line 1 column 9)"],
    ['', 1, 'Unexpected end of JSON input'],
  ])('are told of data that is no JSON, at its line: %j', async (text, line, why) => {
    const files = loading("import data from './data.json' with { type: 'json' }", { 'data.json': text })
    expect(await told(files)).toEqual([
      `data.json:${line}: Cannot load the site: "data.json" is no JSON: ${why.split('\n', 1)[0]}`,
    ])
  })
})

describe('code', () => {
  it.each(
    cases(
      [
        'a syntax error in another file',
        loading("import { web } from './web.ts'", { 'web.ts': 'export const web = {\n  a: [1,\n}\n' }),
        'web.ts:3: Cannot load the site: SyntaxError: Expression expected',
      ],
      [
        'a name that is declared twice',
        loading('const web = 1\nconst web = 2'),
        "site.ts:3: Cannot load the site: SyntaxError: Identifier 'web' has already been declared",
      ],
      [
        'an entry that is a folder',
        { 'site.ts/a': '' },
        'site.ts: Cannot load the site: the folder has no site.ts',
      ],
      [
        'a role without a function',
        loading("const web = (role as any)('web')"),
        'site.ts:3: Cannot use the rule {"match":"web-*","role":"role web"}: role "web" has no function',
      ],
      [
        'a role by its name alone',
        {
          'site.ts':
            "import { site } from 'rekindle'\nexport default site({ hosts: [{ match: '*', role: 'web' }] })",
        },
        'site.ts:2: Cannot use the rule {"match":"*","role":"web"}: "role" wants what role() returns',
      ],
      [
        'a function that calls itself',
        webRole('const more = (): number => more()\nmore()'),
        'site.ts:3: Cannot compile role "web": functions call each other without end -> Look for a role or a function that includes itself, by way of others too',
      ],
      [
        'roles that include each other',
        webRole(
          "const app = role('app', () => { contain(base) })\nconst base = role('base', () => { contain(app) })\ncontain(app)",
        ),
        'site.ts:4: Cannot include role "app" in itself: "app" includes "base" includes "app" -> Move what both need into a function or a role of its own',
      ],
      [
        'a role that includes itself',
        webRole('contain(web)'),
        'site.ts:3: Cannot include role "web" in itself: "web" includes "web" -> Move what both need into a function or a role of its own',
      ],
      [
        'a container with a role for its function',
        webRole("contain('all', role('base', () => {}) as any)"),
        'site.ts:3: Cannot declare container "all": wanted a function, found role "base" -> Give the role alone: contain(base), and it is named after the role',
      ],
      [
        'something that is thrown and cannot be shown',
        webRole('throw { a: 1n }'),
        'site.ts:2: Cannot compile role "web": it threw [object Object]',
      ],
    ),
  )('is told of: %s', async (_, { files, wanted }) => {
    expect(await told(files)).toEqual(wanted)
  })
})

// Each of these declared nothing, or "[object Promise]", and said nothing.
describe('what comes too late', () => {
  const late = 'A role runs at once and to its end: remove async and await'
  it.each(
    cases(
      [
        'a resource behind an await',
        webRole("const later = async () => {\n  await null\n  pkg('nginx')\n}\nlater()"),
        `site.ts:5: Cannot declare package "nginx" outside a role -> ${late}`,
      ],
      [
        'a promise that fails',
        webRole("Promise.reject(new Error('no luck'))"),
        `site.ts:3: Cannot compile role "web": Error: no luck -> ${late}`,
      ],
      [
        'a promise for a parameter',
        webRole("file('/a', { content: Promise.resolve('x') as any })"),
        `site.ts:3: Cannot declare file "/a": parameter "content": wanted data, found a Promise -> ${late}`,
      ],
      [
        'a file that is read behind an await',
        {
          'site.ts': `import { readFile } from 'node:fs/promises'\nimport { file, role, site } from 'rekindle'\nconst web = role('web', () => {\n  readFile('site.ts', 'utf8').then((content) => file('/a', { content }))\n})\n${end}`,
        },
        'site.ts:4: Cannot use fs.promises.readFile() in a compile: a role runs at once and to its end -> A catalog may depend on facts and on files of the site, so that equal input gives an equal catalog',
      ],
    ),
  )('is told of: %s', async (_, { files, wanted }) => {
    expect(await told(files)).toEqual(wanted)
  })

  it('may come while the site is loaded', async () => {
    const files = {
      'site.ts': `import { readFile } from 'node:fs/promises'\nimport { file, role, site } from 'rekindle'\nconst content = await readFile('motd', 'utf8')\nconst web = role('web', () => file('/etc/motd', { content }))\n${end}`,
      motd: 'Welcome\n',
    }
    expect(await told(files)).toEqual([])
  })
})

describe('values', () => {
  it.each(
    cases(
      [
        'a function for a text',
        webRole("file('/a', { content: (() => 'x') as any })"),
        'site.ts:3: Cannot declare file "/a": parameter "content": wanted data, found a function',
      ],
      [
        'what JSON cannot hold, deep in a setting',
        webRole(
          "jsonSetting('s', { path: '/a.json', key: ['k'], value: { since: [new Date(0)], all: new Map(), n: 5n } })",
        ),
        'site.ts:3: Cannot declare json_setting "s": parameter "value.since.0": wanted data, found a Date',
        'site.ts:3: Cannot declare json_setting "s": parameter "value.all": wanted data, found a Map',
        'site.ts:3: Cannot declare json_setting "s": parameter "value.n": wanted data, found a bigint',
      ],
      [
        'a title that is no text',
        webRole('file(undefined as any, {})\npkg(5 as any)'),
        'site.ts:3: Cannot declare file: its title wants text, found undefined',
        'site.ts:4: Cannot declare package: its title wants text, found 5',
      ],
    ),
  )('are told of: %s', async (_, { files, wanted }) => {
    expect(await told(files)).toEqual(wanted)
  })
})

describe('templates', () => {
  const using = (text: string) =>
    webRole("file('/a', { content: template('a.eta', { x: null }) })", { 'a.eta': text })
  it.each(
    cases(
      [
        'a block that is not closed',
        using('one\n<% if (it.x) { %>\ntwo\n'),
        'a.eta: Cannot render template "a.eta": a block is opened with { and not closed -> End it with: <% } -%>',
      ],
      [
        'an inclusion',
        using("one\n<%~ include('b.eta') %>\n"),
        'a.eta:2: Cannot render template "a.eta": a template cannot include another -> Render that one with template(), and give it as a value',
      ],
      [
        'an await',
        using('<%= await it.x %>'),
        'a.eta: Cannot render template "a.eta": a parenthesis is not closed, or it awaits -> A template runs at once: no await',
      ],
      [
        'a value that has nothing in it',
        using('one\n\n<%= it.x.y %>'),
        `a.eta:3: Cannot render template "a.eta": Cannot read properties of null (reading 'y')`,
      ],
      [
        'a folder for a template',
        webRole("file('/a', { content: template('files') })", { 'files/a': '' }),
        'site.ts:3: Cannot render template "files": the site has no readable file "files" -> Paths are relative to the folder of site.ts',
      ],
    ),
  )('are told of: %s', async (_, { files, wanted }) => {
    expect(await told(files)).toEqual(wanted)
  })
})

it('a folder that is not there is named, with why', async () => {
  await expect(compiler.check(join(dir, 'nowhere'))).rejects.toMatchObject({
    code: 'site-invalid',
    message: `Cannot read the site "${join(dir, 'nowhere')}"`,
    cause: expect.objectContaining({ code: 'ENOENT' }),
  })
})
