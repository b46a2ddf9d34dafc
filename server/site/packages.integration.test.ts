/** Packages of a site by its lockfile: with the real npm, and a registry on loopback. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Compiler, createCompiler } from '../compiler/compiler.ts'
import { facts } from '../http/test-server.ts'
import { createInstaller } from './packages.ts'

let dir: string
let site: string
let registry: Server
let origin: string
let compiler: Compiler

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-packages-'))
  site = join(dir, 'site')
  mkdirSync(site)
  registry = createServer((request, response) => {
    const path = join(dir, 'registry', request.url ?? '')
    if (existsSync(path)) response.end(readFileSync(path))
    else response.writeHead(404).end('{}')
  })
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`
  const install = createInstaller({ cacheDir: join(dir, 'cache') })
  compiler = createCompiler({ stageDir: join(dir, 'stage'), install })
})
afterEach(async () => {
  await compiler.close()
  await new Promise((resolve) => registry.close(resolve))
  rmSync(dir, { recursive: true, force: true })
})

/** Packs a package whose install script would leave a mark; gives its `integrity`. */
function pack(to: string): string {
  const source = join(dir, 'source', 'package')
  mkdirSync(source, { recursive: true })
  const manifest = {
    name: 'greeting',
    version: '1.0.0',
    type: 'module',
    exports: './index.js',
    scripts: { install: `touch ${join(dir, 'mark')}` },
  }
  writeFileSync(join(source, 'package.json'), JSON.stringify(manifest))
  writeFileSync(join(source, 'index.js'), "export const greeting = 'hello from a package\\n'\n")
  mkdirSync(join(to, '..'), { recursive: true })
  execFileSync('tar', ['-czf', to, '-C', join(dir, 'source'), 'package'])
  return `sha512-${createHash('sha512').update(readFileSync(to)).digest('base64')}`
}

function writeSite(dependency: string, locked: Readonly<Record<string, unknown>>): void {
  const dependencies = { greeting: dependency }
  const root = { name: 'site', dependencies, devDependencies: { rekindle: '*' } }
  const packages = {
    '': root,
    'node_modules/greeting': { version: '1.0.0', hasInstallScript: true, ...locked },
    'node_modules/rekindle': {
      version: '1.0.0',
      dev: true,
      resolved: `${origin}/none.tgz`,
      integrity: 'sha512-eA==',
    },
  }
  writeFileSync(join(site, 'package.json'), JSON.stringify(root))
  writeFileSync(
    join(site, 'package-lock.json'),
    JSON.stringify({ name: 'site', lockfileVersion: 3, requires: true, packages }),
  )
  writeFileSync(
    join(site, 'site.ts'),
    `import { file, role, site } from 'rekindle'
import { greeting } from 'greeting'
export default site({ hosts: [{ match: '*', role: role('web', () => { file('/etc/motd', { content: greeting }) }) }] })
`,
  )
}

async function problemsOf(): Promise<readonly string[]> {
  const result = await compiler.check(site)
  return result.ok ? [] : result.problems.map(({ where, message }) => `${where}: ${message}`)
}

async function contents(): Promise<readonly string[]> {
  const { blobs } = await compiler.compile('web-1', facts)
  return [...blobs.values()].map((bytes) => Buffer.from(bytes).toString())
}

it('come from a registry, without those for development, and none of their scripts runs', async () => {
  const integrity = pack(join(dir, 'registry', 'greeting-1.0.0.tgz'))
  writeSite('1.0.0', { resolved: `${origin}/greeting-1.0.0.tgz`, integrity })
  expect(await problemsOf()).toEqual([])
  expect(await contents()).toEqual(['hello from a package\n'])
  expect(existsSync(join(dir, 'mark'))).toBe(false)
  expect(existsSync(join(site, 'node_modules'))).toBe(false)
})

it('come from the site itself, and its .npmrc steers nothing', async () => {
  const integrity = pack(join(site, 'vendor', 'greeting-1.0.0.tgz'))
  writeSite('file:vendor/greeting-1.0.0.tgz', { resolved: 'file:vendor/greeting-1.0.0.tgz', integrity })
  writeFileSync(join(site, '.npmrc'), 'ignore-scripts=false\nprefix=/nowhere\nregistry=http://127.0.0.1:1/\n')
  expect(await problemsOf()).toEqual([])
  expect(await contents()).toEqual(['hello from a package\n'])
})

it('whose bytes are not the lockfile’s, or that are not to be had, are refused with npm’s reason, and may be had later', async () => {
  const integrity = pack(join(dir, 'registry', 'greeting-1.0.0.tgz'))
  const resolved = `${origin}/greeting-1.0.0.tgz`
  writeSite('1.0.0', { resolved, integrity: integrity.replace(/^sha512-..../, 'sha512-AAAA') })
  expect(await problemsOf()).toEqual([
    expect.stringMatching(/^package-lock.json: Cannot install the site's packages: .*EINTEGRITY/),
  ])
  writeSite('1.0.0', { resolved: `${origin}/later.tgz`, integrity })
  expect(await compiler.check(site)).toMatchObject({
    ok: false,
    retry: true,
    problems: [{ message: expect.stringMatching(/E404|404 Not Found/), where: 'package-lock.json' }],
  })
  pack(join(dir, 'registry', 'later.tgz'))
  writeFileSync(join(dir, 'registry', 'later.tgz'), readFileSync(join(dir, 'registry', 'greeting-1.0.0.tgz')))
  expect(await problemsOf()).toEqual([])
})

it('that take too long are refused', async () => {
  pack(join(site, 'vendor', 'greeting-1.0.0.tgz'))
  writeSite('file:vendor/greeting-1.0.0.tgz', { resolved: 'file:vendor/greeting-1.0.0.tgz' })
  const install = createInstaller({ timeoutMs: 1 })
  expect(await install(site)).toMatchObject([{ message: expect.stringMatching(/it took more than 0.001 s/) }])
})
