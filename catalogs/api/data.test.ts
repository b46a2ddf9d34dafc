/** Data through the test kit. What the compiler's sandbox does with it: server/compiler/data.integration.test.ts. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { type Field, field, type Shape } from './data-field.ts'
import { facts, file, type LayersOptions, layers, role, site } from './index.ts'
import { type CompileOptions, compile } from './testing.ts'

const root = mkdtempSync(join(tmpdir(), 'rekindle-data-'))
afterAll(() => rmSync(root, { recursive: true }))
beforeEach(() => rmSync(join(root, 'data'), { recursive: true, force: true }))

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, 'data', path)), { recursive: true })
    writeFileSync(join(root, 'data', path), text)
  }
}

// Layers stand beside the file that declares them, which is this one.
const dir = relative(import.meta.dirname, join(root, 'data'))
const declare = <const Of extends Shape>(
  schema: Of,
  hierarchy: LayersOptions<Of>['hierarchy'] = ['host/{host}', 'site'],
) => layers({ dir, hierarchy, schema })

/** What a role gets that returns it. */
function shown(read: () => unknown, options: CompileOptions = {}): unknown {
  const web = role('web', () => {
    file('/shown', { content: JSON.stringify(read()) ?? 'undefined' })
  })
  const text = compile(web, { siteDir: root, ...options }).find('file', '/shown').content ?? ''
  return text === 'undefined' ? undefined : JSON.parse(text)
}

const nginx = { workers: field.integer({ minimum: 1 }), port: field.integer({ default: 80 }) }

describe('get()', () => {
  it('gives a key, and a section whose keys are looked up one by one', () => {
    const data = declare({ nginx, motd: field.text() })
    write({
      'host/host-1.yaml': 'nginx: { workers: 8 }',
      'site.json': '{ "motd": "hello", "nginx": { "workers": 1, "port": 81 } }',
    })
    expect(shown(() => data.get('motd'))).toBe('hello')
    expect(shown(() => data.get('nginx.workers'))).toBe(8)
    expect(shown(() => data.get('nginx'))).toEqual({ workers: 8, port: 81 })
    expect(shown(() => ({ ...data.get('nginx') }), { host: 'host-2' })).toEqual({ workers: 1, port: 81 })
  })

  it('gives a default, and undefined for what is optional', () => {
    const data = declare({ nginx, user: field.text({ optional: true }) })
    expect(shown(() => data.get('nginx.port'))).toBe(80)
    expect(shown(() => data.get('user'))).toBeUndefined()
    expect(shown(() => data.get('user') ?? facts.os.id)).toBe('debian')
  })

  it('takes the needed keys of a section when they are used, and not before', () => {
    const data = declare({ nginx })
    expect(shown(() => data.get('nginx').port)).toBe(80)
    expect(() => shown(() => data.get('nginx').workers)).toThrow(
      'Cannot read data "nginx.workers": no layer of host "host-1" has it; looked at host/host-1 (no such layer), site (no such layer)',
    )
  })

  it('gives values that cannot be changed', () => {
    const data = declare({ users: field.map(field.integer(), { merge: 'deep' }) })
    write({ 'site.yaml': 'users: { bob: 1 }' })
    expect(() => shown(() => Object.assign(data.get('users'), { eve: 2 }))).toThrow(TypeError)
    expect(() => shown(() => Object.assign(data.get('users'), { bob: 2 }))).toThrow(TypeError)
  })

  it('works inside a role alone', () => {
    const data = declare({ nginx })
    expect(() => data.get('nginx')).toThrow('Cannot read data "nginx" outside a role')
  })

  it('follows facts and the environment', () => {
    const data = declare({ a: field.text() }, ['env/{environment}', 'os/{facts.os.codename}'])
    write({ 'os/trixie.yaml': 'a: trixie', 'env/test.yaml': 'a: test' })
    expect(shown(() => data.get('a'), { facts: { os: { codename: 'trixie' } } })).toBe('trixie')
    const web = role('web', () => {
      file('/shown', { content: data.get('a') })
    })
    const whole = site({ data, hosts: [{ match: '*', role: web, environment: 'test' }] })
    expect(compile(whole, { siteDir: root }).find('file', '/shown').content).toBe('test')
  })
})

describe('YAML layers', () => {
  it('may use anchors and merge keys, and know of no "no" and no dates', () => {
    const data = declare({ all: field.map(field.json<unknown>({})) })
    write({ 'site.yaml': 'all:\n  a: &x { v: no, at: 2026-01-01 }\n  b: { <<: *x, w: 0o17 }\n' })
    expect(shown(() => data.get('all'))).toEqual({
      a: { v: 'no', at: '2026-01-01' },
      b: { v: 'no', at: '2026-01-01', w: 15 },
    })
  })

  it('cannot grow without end', () => {
    const data = declare({ all: field.json<unknown>({}) })
    const grow = Array.from({ length: 9 }, (_, n) => `  x${n + 1}: &x${n + 1} [${Array(9).fill(`*x${n}`)}]`)
    write({ 'site.yaml': `all:\n  x0: &x0 [lol]\n${grow.join('\n')}\n` })
    expect(() => shown(() => data.get('all'))).toThrow('Cannot read YAML: Excessive alias count')
  })

  it('may be empty', () => {
    const data = declare({ nginx })
    write({ 'site.yaml': '# nothing yet\n' })
    expect(shown(() => data.get('nginx.port'))).toBe(80)
  })
})

describe('a test’s data', () => {
  const data = declare({ nginx, ntp: field.list(field.text(), { merge: 'unique' }) })
  const web = role('web', () => {
    file('/shown', { content: `${data.get('nginx').workers} ${data.get('ntp').join()}` })
  })

  it('lies above all layers', () => {
    write({ 'site.yaml': 'nginx: { workers: 2 }\nntp: [a]' })
    const given = { siteDir: root, data: { nginx: { workers: 8 }, ntp: ['local'] } }
    const whole = site({ data, hosts: [{ match: '*', role: web }] })
    expect(compile(web, given).find('file', '/shown').content).toBe('8 local,a')
    expect(compile(whole, given).find('file', '/shown').content).toBe('8 local,a')
    expect(compile(whole, { siteDir: root }).find('file', '/shown').content).toBe('2 a')
  })

  it('has to fit the schema', () => {
    expect(() => compile(web, { siteDir: root, data: { ngnix: {} } })).toThrow(
      'Cannot use data "ngnix": the schema has no such key',
    )
  })

  it('is that of the site, where one is compiled', () => {
    const whole = site({ hosts: [{ match: '*', role: web }] })
    expect(() => compile(whole, { siteDir: root })).toThrow(
      'Cannot read data "nginx": the site does not have this data',
    )
  })
})

describe('fields', () => {
  const cases: readonly (readonly [string, Field<unknown>, unknown, string | undefined])[] = [
    ['text', field.text({ pattern: '^/' }), '/a', undefined],
    ['text of a pattern', field.text({ pattern: '^/' }), 'a', 'wanted match pattern "^/", found "a"'],
    ['choice', field.choice(['a', 'b']), 'c', 'wanted one of "a", "b", found "c"'],
    ['boolean', field.boolean(), 'yes', 'wanted boolean, found "yes"'],
    ['number', field.number({ maximum: 1 }), 2, 'wanted <= 1, found 2'],
    ['list', field.list({ port: field.integer() }), [{}], '.0.port": wanted a value, found nothing'],
    ['map', field.map(field.integer()), { a: 'x' }, '.a": wanted integer, found "x"'],
    ['object', field.object({ a: field.integer({ optional: true }) }), {}, undefined],
    ['object with unknown members', field.object({}), { b: 1 }, 'no such key'],
    ['json', field.json({ type: 'string' }), 1, 'wanted string, found 1'],
  ]
  it.each(cases)('%s', (_, of, value, message) => {
    const data = declare({ key: of })
    const read = () => shown(() => data.get('key'), { data: { key: value } })
    if (message === undefined) expect(read()).toEqual(value)
    else expect(read).toThrow(message)
  })

  it('keep to themselves what their author changes later', () => {
    const values: ('a' | 'b')[] = ['a']
    const of = field.choice(values)
    values.push('b')
    expect(of.schema).toEqual({ enum: ['a'] })
  })
})
