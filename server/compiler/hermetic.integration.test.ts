/** What a compile may not look at, each with the words and the line that its author is told; and what it may. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { sampleFacts } from '../../catalogs/api/sample.ts'
import { type Compiler, createCompiler } from './compiler.ts'

const dir = mkdtempSync(join(tmpdir(), 'rekindle-hermetic-'))
const site = join(dir, 'site')
const compilers: Compiler[] = []

afterEach(async () => {
  vi.unstubAllEnvs()
  for (const compiler of compilers.splice(0)) await compiler.close()
  rmSync(site, { recursive: true, force: true })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function open(): Compiler {
  const compiler = createCompiler({ stageDir: join(dir, 'stage') })
  compilers.push(compiler)
  return compiler
}

function writeSite(files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(site, path)), { recursive: true })
    writeFileSync(join(site, path), text)
  }
  return site
}

/** A role for each expression, each on a line of its own; the first is on line 3. */
function siteOf(expressions: readonly string[]): Record<string, string> {
  const names = expressions.map((_, at) => `r${at}`)
  return {
    'site.ts': [
      "import { Buffer } from 'node:buffer'; import fs, { statSync } from 'node:fs'; import { inspect, parseArgs } from 'node:util'",
      "import { file, role, site } from 'rekindle'; const keep = (value: unknown) => file('/a', { content: String(value) })",
      ...expressions.map((expression, at) => `const r${at} = role('r${at}', () => { keep(${expression}) })`),
      `export default site({ hosts: [${names.map((name) => `{ match: '${name}', role: ${name} }`).join(', ')}] })`,
    ].join('\n'),
  }
}

const clock = 'a compile has no clock'
const chance = 'a compile has no randomness'
const later = 'a role runs at once and to its end'
const server = 'a compile does not see the server that it runs on'
const control = 'a compile has no say over its process'
const copy = 'a compile sees a copy of the site'

/** Expression, what the message calls it, and why it is refused. */
const refused: readonly (readonly [string, string, string])[] = [
  ['Date.now()', 'Date.now()', clock],
  ['new Date()', 'new Date()', clock],
  ['Date()', 'Date()', clock],
  ['Reflect.construct(Date, [])', 'new Date()', clock],
  ['new (new Date(0).constructor as DateConstructor)()', 'new Date()', clock],
  ['new (class extends Date {})()', 'new Date()', clock],
  ['Temporal.Now.instant()', 'Temporal.Now.instant()', clock],
  ['Temporal.Now.timeZoneId()', 'Temporal.Now.timeZoneId()', clock],
  ['performance.now()', 'performance', clock],
  ["new PerformanceMark('a').startTime", 'PerformanceMark', clock],
  ["new Event('a').timeStamp", 'an event’s timeStamp', clock],
  ["new File([], 'a').lastModified", 'a File’s lastModified', clock],
  ['new Intl.DateTimeFormat().format()', 'format() without a date', clock],
  ['new Intl.DateTimeFormat().formatToParts()', 'formatToParts() without a date', clock],
  ['process.hrtime()', 'process.hrtime()', clock],
  ['process.hrtime.bigint()', 'process.hrtime.bigint()', clock],
  ['process.uptime()', 'process.uptime()', clock],
  ['process.memoryUsage.rss()', 'process.memoryUsage.rss()', clock],
  ['Math.random()', 'Math.random()', chance],
  ['crypto.randomUUID()', 'crypto.randomUUID()', chance],
  ['crypto.getRandomValues(new Uint8Array(1))', 'crypto.getRandomValues()', chance],
  [
    "crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt'])",
    'crypto.subtle.generateKey()',
    chance,
  ],
  ['URL.createObjectURL(new Blob([]))', 'URL.createObjectURL()', chance],
  ['process.env.HOME', 'process.env.HOME', server],
  ["'HOME' in process.env", 'process.env.HOME', server],
  ['Object.keys(process.env)', 'process.env', server],
  ['{ ...process.env }', 'process.env', server],
  ['process.pid', 'process.pid', server],
  ['process.ppid', 'process.ppid', server],
  ['process.argv[0]', 'process.argv', server],
  ['process.execPath', 'process.execPath', server],
  ['process.title', 'process.title', server],
  ['process.getuid?.()', 'process.getuid()', server],
  ['process.availableMemory()', 'process.availableMemory()', server],
  ['process.report.cwd', 'process.report', server],
  ['navigator.hardwareConcurrency', 'navigator', server],
  ['process.exit()', 'process.exit()', control],
  ["process.chdir('/')", 'process.chdir()', control],
  ["process.getBuiltinModule('os')", 'process.getBuiltinModule()', control],
  ['setTimeout(() => {}, 1)', 'setTimeout()', later],
  ['setInterval(() => {}, 1)', 'setInterval()', later],
  ['setImmediate(() => {})', 'setImmediate()', later],
  ['AbortSignal.timeout(1)', 'AbortSignal.timeout()', later],
  ["fs.watch('.')", 'fs.watch()', later],
  ["fetch('http://127.0.0.1/')", 'fetch', 'a compile has no network'],
  ["new WebSocket('ws://127.0.0.1/')", 'WebSocket', 'a compile has no network'],
  ["statSync('site.ts').mtimeMs", 'mtimeMs of a file', copy],
  ["fs.lstatSync('site.ts').ctime", 'ctime of a file', copy],
  ["statSync('site.ts').ino", 'ino of a file', copy],
  ["fs.opendirSync('.')", 'fs.opendirSync()', 'a directory has no order of its own; readdirSync() sorts'],
]

describe('a role is refused, at its line,', () => {
  it('each look at the clock, at chance, at the server, and whatever comes later', async () => {
    const checked = await open().check(writeSite(siteOf(refused.map(([expression]) => expression))))
    const told = checked.ok ? [] : checked.problems.map(({ message, where }) => `${where}: ${message}`)
    expect(told).toEqual(
      refused.map(([, name, why], at) => `site.ts:${at + 3}: Cannot use ${name} in a compile: ${why}`),
    )
  })

  it('paths of the server', async () => {
    const checked = await open().check(
      writeSite({
        'site.ts': `import { resolve } from 'node:path'
import { file, role, site } from 'rekindle'
const web = role('web', () => {
  file('/a', { content: import.meta.dirname })
  file('/b', { ensure: 'symlink', target: resolve('b') })
  file('/c', { content: 'c' })
})
export default site({ hosts: [{ match: '*', role: web }] })`,
      }),
    )
    const has = "it has the path of the site's folder on this server in it"
    expect(checked.ok ? [] : checked.problems).toMatchObject([
      { message: `Cannot declare file "/a": ${has}`, where: 'site.ts:4' },
      { message: `Cannot declare file "/b": ${has}`, where: 'site.ts:5' },
    ])
  })
})

describe('an import is refused, at its line:', () => {
  const leads = 'it leads to what changes from one compile to the next'
  const network = 'a compile has no network'
  const processes = 'a compile starts no processes'
  it.each([
    ...['net', 'tls', 'http', 'https', 'http2', 'dgram', 'dns', 'dns/promises'].map((name) => [
      name,
      network,
    ]),
    ...['child_process', 'cluster', 'worker_threads'].map((name) => [name, processes]),
    ...['os', 'process', 'timers', 'timers/promises', 'perf_hooks', 'module', 'vm', 'v8'].map((name) => [
      name,
      leads,
    ]),
  ])('node:%s', async (name, why) => {
    const checked = await open().check(writeSite({ 'site.ts': `// one\nimport '${name}'\n` }))
    expect(checked.ok ? [] : checked.problems).toMatchObject([
      { message: `Cannot import "node:${name}" in a compile: ${why}`, where: 'site.ts:2' },
    ])
  })
})

describe('a compile gives the same everywhere', () => {
  /** Contents of the one file that each role declares. */
  async function contents(
    files: Readonly<Record<string, string>>,
    roles: number,
  ): Promise<readonly string[]> {
    const compiler = open()
    const checked = await compiler.check(writeSite(files))
    expect(checked).toMatchObject({ ok: true })
    const compiled = Array.from({ length: roles }, (_, at) =>
      compiler.compile(`r${at}`, sampleFacts(`r${at}`)),
    )
    return (await Promise.all(compiled)).map(({ blobs }) => Buffer.concat([...blobs.values()]).toString())
  }

  it('whatever time zone and language the server has', async () => {
    vi.stubEnv('TZ', 'Asia/Tokyo')
    vi.stubEnv('LANG', 'de_DE.UTF-8')
    vi.stubEnv('LC_ALL', 'de_DE.UTF-8')
    const expressions = [
      'new Intl.DateTimeFormat().resolvedOptions().timeZone',
      'new Date(0).toLocaleString()',
      'new Date(2026, 0).toISOString()',
      '(1234.5).toLocaleString()',
    ]
    expect(await contents(siteOf(expressions), 4)).toEqual([
      'UTC',
      '1/1/1970, 12:00:00 AM',
      '2026-01-01T00:00:00.000Z',
      '1,234.5',
    ])
  })

  it('with memory that is empty, and files that are their bytes', async () => {
    const expressions = [
      "Buffer.allocUnsafe(4).toString('hex') + Buffer.allocUnsafeSlow(2).toString('hex')",
      "statSync(import.meta.dirname + '/a').size + String(statSync('a').isFile())",
      "fs.readdirSync('.').join(' ')",
      'inspect({ a: 1 })',
    ]
    expect(await contents({ ...siteOf(expressions), a: 'three' }, 4)).toEqual([
      '000000000000',
      '5true',
      'a site.ts',
      '{ a: 1 }',
    ])
  })

  it('with packages that look for their settings, and find none', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    const files = {
      'site.ts': `import { mode } from 'settings'\n${siteOf(['mode'])['site.ts']}`,
      'node_modules/settings/package.json': '{ "type": "module", "exports": "./index.js" }',
      'node_modules/settings/index.js': "export const mode = process.env.NODE_ENV ?? 'none'",
    }
    expect(await contents(files, 1)).toEqual(['none'])
  })
})
