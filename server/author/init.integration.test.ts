/** A new site, as its author meets it: made, compiled, tested and opened in an editor. */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DescribedSchema } from '../../schemas/describe.ts'
import { type Editor, openEditor } from './test-language-server.ts'

const root = join(import.meta.dirname, '..', '..')
const rekindle = join(root, 'bin', 'rekindle')
let dir: string
let site: string

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-init-'))
  site = join(dir, 'My Fleet')
  expect(await run(rekindle, ['init', site])).toMatchObject({ code: 0 })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

interface Ended {
  readonly code: number
  readonly output: string
}

function run(program: string, argv: readonly string[], cwd = dir): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, argv, { cwd, env: { ...process.env, NO_COLOR: '1' } }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: `${stdout}${stderr}` }),
    )
  })
}

/** One of the tools that the site's own scripts would find. */
function tool(name: string, argv: readonly string[], cwd = site): Promise<Ended> {
  return run(join(cwd, 'node_modules', '.bin', name), argv, cwd)
}

describe('rekindle init', () => {
  it('makes a site that the compiler finds good', async () => {
    expect(await run(rekindle, ['check', site])).toMatchObject({
      code: 0,
      output: expect.stringContaining('is good: 2 roles'),
    })
  })

  it('makes a site whose own test passes', async () => {
    const { code, output } = await tool('vitest', ['run'])
    expect(output).toMatch(/Tests +4 passed/)
    expect(output).toContain('Tests came to 2 of 2 roles, 5 of 5 resources, 0 of 0 branches\n')
    expect(code).toBe(0)
  })

  it('makes a site whose tests fail when they come to too little of it', async () => {
    const grown = join(dir, 'grown')
    cpSync(site, grown, { recursive: true, verbatimSymlinks: true })
    writeFileSync(
      join(grown, 'roles', 'untested.ts'),
      [
        "import { facts, file, pkg as bring, role } from 'rekindle'",
        "export const untested = role('untested', () => {",
        "  if (facts.virtual === 'kvm') bring('qemu-guest-agent')",
        "  file('/etc/a', { content: facts.cpu.count > 8 ? 'large' : 'small' })",
        '})',
      ].join('\n'),
    )
    const { code, output } = await tool('vitest', ['run'], grown)
    expect(code).toBe(1)
    expect(output.slice(output.indexOf('Tests came to'))).toBe(
      [
        'Tests came to 2 of 3 roles, 5 of 7 resources, 0 of 4 branches',
        'No test came to:',
        '  roles/untested.ts:2: role untested',
        "  roles/untested.ts:3: if (facts.virtual === 'kvm')",
        "  roles/untested.ts:3: bring('qemu-guest-agent', …",
        "  roles/untested.ts:3: if (facts.virtual === 'kvm') is false",
        "  roles/untested.ts:4: file('/etc/a', …",
        '  roles/untested.ts:4: facts.cpu.count > 8 ? …',
        '  roles/untested.ts:4: facts.cpu.count > 8 ? … is false',
        'Tests came to 50.0 %, wanted 80 %',
        '',
      ].join('\n'),
    )
  })

  it('makes a site whose types hold', async () => {
    expect(await tool('tsc', ['--noEmit'])).toEqual({ code: 0, output: '' })
  })

  it('lets the types tell of a wrong parameter, value and type, at their lines', async () => {
    const wrong = join(site, 'roles', 'wrong.ts')
    writeFileSync(
      wrong,
      [
        "import { file, role, service } from 'rekindle'",
        "export const wrong = role('wrong', () => {",
        "  file('/a', { contnet: 'x' })",
        "  file('/b', { mode: 644 })",
        "  service('c', { ensure: 'on' })",
        '})',
      ].join('\n'),
    )
    const { code, output } = await tool('tsc', ['--noEmit', '--pretty', 'false'])
    rmSync(wrong)
    expect(code).not.toBe(0)
    expect(output.match(/^roles\/wrong\.ts\(\d+/gm)).toEqual([
      'roles/wrong.ts(3',
      'roles/wrong.ts(4',
      'roles/wrong.ts(5',
    ])
    expect(output).toContain("'contnet' does not exist in type 'FileOptions'")
  })

  it('names its package after the folder, and holds no path of this machine', () => {
    const packageJson = readFileSync(join(site, 'package.json'), 'utf8')
    expect(JSON.parse(packageJson)).toMatchObject({ name: 'my-fleet', private: true, type: 'module' })
    for (const name of readdirSync(site).filter((name) => /\.(json|ts|md)$/.test(name)))
      expect(readFileSync(join(site, name), 'utf8')).not.toContain(root)
  })

  it('never touches a folder with things in it', async () => {
    const full = join(dir, 'full')
    mkdirSync(full)
    writeFileSync(join(full, 'site.ts'), 'mine')
    const { code, output } = await run(rekindle, ['init', full])
    expect(code).toBe(1)
    expect(output).toBe(
      `Cannot make a site in "${full}": it has things in it: site.ts\n` +
        '  kept:   everything as it was\n  do:     Name a folder that is empty or not there\n',
    )
    expect(readdirSync(full)).toEqual(['site.ts'])
    expect(readFileSync(join(full, 'site.ts'), 'utf8')).toBe('mine')
  })

  it('takes a repository that is still empty', async () => {
    const cloned = join(dir, 'cloned')
    mkdirSync(join(cloned, '.git'), { recursive: true })
    expect(await run(rekindle, ['init', cloned])).toMatchObject({ code: 0 })
    expect(readdirSync(cloned)).toContain('site.ts')
  })

  it('refuses a path that is a file', async () => {
    writeFileSync(join(dir, 'file'), '')
    expect(await run(rekindle, ['init', join(dir, 'file')])).toMatchObject({
      code: 1,
      output: expect.stringContaining('not a directory'),
    })
  })
})

describe('rekindle link', () => {
  it('gives a clone of the site what git did not bring', async () => {
    const cloned = join(dir, 'linked')
    cpSync(site, cloned, { recursive: true, filter: (path) => !path.endsWith('node_modules') })
    expect(await run(rekindle, ['link'], cloned)).toMatchObject({ code: 0 })
    expect(await run(rekindle, ['link'], cloned)).toMatchObject({ code: 0 })
    expect(await tool('tsc', ['--noEmit'], cloned)).toEqual({ code: 0, output: '' })
  })

  it('leaves a copy of Rekindle and the tools of the site alone', async () => {
    const own = join(dir, 'own')
    mkdirSync(join(own, 'node_modules', 'vitest'), { recursive: true })
    expect(await run(rekindle, ['link', own])).toMatchObject({ code: 0 })
    expect(readdirSync(join(own, 'node_modules', 'vitest'))).toEqual([])
    rmSync(join(own, 'node_modules', 'rekindle'))
    mkdirSync(join(own, 'node_modules', 'rekindle'))
    expect(await run(rekindle, ['link', own])).toMatchObject({
      code: 1,
      output: expect.stringContaining('it is there, and is no link'),
    })
  })
})

describe('an editor', () => {
  let editor: Editor
  beforeAll(async () => {
    writeFileSync(join(site, 'roles', 'all.ts'), everyParameter())
    editor = await openEditor(site)
  })
  afterAll(() => editor.close())

  it('completes names of parameters and their values', async () => {
    expect(await editor.complete('roles/web.ts', "service('nginx', {")).toEqual(
      expect.arrayContaining(['onRefresh', 'timeout', 'notify', 'schedule']),
    )
    expect(await editor.complete('roles/web.ts', "ensure: '")).toEqual(['running', 'stopped'])
    expect(await editor.complete('roles/web.ts', 'facts.cpu.')).toEqual([
      'count',
      'cores',
      'sockets',
      'model',
    ])
  })

  it('shows what a constructor does, with an example', async () => {
    expect(await editor.hover('roles/web.ts', '  service')).toMatch(/@example.*service\('nginx'/)
  })

  it('shows what each parameter of each resource type means, with the examples of its schema', async () => {
    const lacking: string[] = []
    for (const { type, name, description, examples } of parameters()) {
      const shown = plain(await editor.hover('roles/all.ts', `void ${type}.${name}`))
      const wanted = [description, ...examples.map((example) => JSON.stringify(example))]
      if (!wanted.every((text) => text !== '' && shown.includes(plain(text)))) lacking.push(`${type}.${name}`)
    }
    expect(parameters().length).toBeGreaterThan(250)
    expect(lacking).toEqual([])
  })
})

interface Parameter {
  readonly type: string
  readonly name: string
  readonly description: string
  readonly examples: readonly unknown[]
}

/** What authors give to the constructors of the types that Rekindle brings. */
function parameters(): readonly Parameter[] {
  const folder = join(root, 'schemas', 'resource')
  return readdirSync(folder)
    .filter((file) => file !== 'custom.json')
    .flatMap((file) => {
      const { $id, properties }: DescribedSchema = JSON.parse(readFileSync(join(folder, file), 'utf8'))
      return Object.entries(properties)
        .filter(([name, { collects }]) => name !== 'blob' && collects === undefined)
        .map(([name, { description = '', examples = [] }]) => {
          return { type: $id.replace('resource/', ''), name, description, examples }
        })
    })
}

/** A file of the site that mentions each parameter of each constructor once. */
function everyParameter(): string {
  const types = [...new Set(parameters().map(({ type }) => type))]
  return [
    "import type * as api from 'rekindle'",
    ...types.map((type) => `declare const ${type}: api.${optionsOf(type)}`),
    ...parameters().map(({ type, name }) => `void ${type}.${name}`),
  ].join('\n')
}

/** @example optionsOf('file_line') // 'FileLineOptions' */
function optionsOf(type: string): string {
  const words = type.split('_').map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
  return `${words.join('')}Options`
}

/** Only letters and digits: line ends, quotes and escapes are the editor's matter. */
function plain(text: string): string {
  return text.replaceAll('\\n', ' ').replaceAll(/[^a-zA-Z0-9]/g, '')
}
