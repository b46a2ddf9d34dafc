/** What the kit gives to tests of sites: matchers, snapshots, any facts, coverage. */
import fc from 'fast-check'
import { parseSync } from 'vite'
import { describe, expect, it } from 'vitest'
import { diagnose } from '../../schemas/validate.ts'
import { facts, file, notify, pkg, role, service, user } from './index.ts'
import { catalogMatchers, compile, forAnyFacts, renderCatalog } from './testing.ts'
import { instrument, summarise } from './testing-coverage.ts'

const web = role('web', () => {
  const nginx = pkg('nginx')
  const conf = file('/etc/nginx.conf', { mode: '0644', content: 'user www;\n\nworkers 2;', require: nginx })
  file('/etc/key', { content: new Uint8Array([0xff, 0x00]) })
  file('/etc/empty', { content: '' })
  user('deploy', { groups: ['b', 'a'], home: '/srv' })
  service('nginx', { enable: true, subscribe: conf, tags: ['front'], schedule: { range: '02:00-04:00' } })
})

describe('toDeclare()', () => {
  const verdict = (
    ...args: [type: 'file' | 'service' | 'mount', title: string, wanted?: Record<string, unknown>]
  ) => catalogMatchers.toDeclare.call({ equals: Object.is }, compile(web, { siteDir: '/srv/site' }), ...args)

  it('holds for a resource with these parameters and any others', () => {
    expect(verdict('file', '/etc/nginx.conf')).toMatchObject({ pass: true })
    expect(verdict('file', '/etc/nginx.conf', { mode: '0644', content: /workers \d/ })).toMatchObject({
      pass: true,
    })
  })

  it('tells what the role declares of that type, when it is not there', () => {
    expect(verdict('file', '/etc/motd').message()).toBe(
      'role "web" does not declare file "/etc/motd"; it declares file:/etc/nginx.conf, file:/etc/key, file:/etc/empty',
    )
    expect(verdict('mount', '/srv').message()).toBe(
      'role "web" does not declare mount "/srv"; it declares no mount',
    )
  })

  it('shows the parameters that differ, and the line', () => {
    const { pass, message, actual, expected } = verdict('file', '/etc/nginx.conf', {
      mode: '0600',
      owner: 'x',
    })
    expect(pass).toBe(false)
    expect(message()).toBe('role "web" declares file "/etc/nginx.conf" with another mode, owner (site.ts)')
    expect({ actual, expected }).toEqual({
      actual: { mode: '0644', owner: undefined },
      expected: { mode: '0600', owner: 'x' },
    })
  })

  it('takes nothing but a compiled catalog', () => {
    expect(() => catalogMatchers.toDeclare.call({ equals: Object.is }, web, 'file', '/a')).toThrow(
      'wanted what compile() returns',
    )
  })
})

it('renderCatalog() shows text as text, other bytes by their hash, and no place', () => {
  expect(renderCatalog(compile(web))).toBe(`role web

package:nginx

file:/etc/nginx.conf
  mode: "0644"
  content:
    | user www;
    |
    | workers 2;
  (no line end)
  require: package:nginx

file:/etc/key
  content: 2 bytes, SHA-256 ea5dbf9596d187e9500f23e9a680109475341cf4e81f7e043f7d97152c10772f

file:/etc/empty
  content: empty

user:deploy
  groups: ["b","a"]
  home: "/srv"

service:nginx
  enable: true
  subscribe: file:/etc/nginx.conf
  tags: front
  schedule: {"range":"02:00-04:00"}`)
})

describe('forAnyFacts()', () => {
  it('draws facts that an agent could send, usual ones and others', () => {
    const seen: string[] = []
    forAnyFacts(fc, (any) => {
      expect(diagnose('protocol/facts', any)).toEqual([])
      seen.push(any.os.id)
    })
    expect(seen).toContain('debian')
    expect(new Set(seen).size).toBeGreaterThan(1)
  })

  it('keeps to what is chosen', () => {
    const chosen = { os: { id: fc.constant('alpine') }, virtual: fc.constant('kvm') }
    forAnyFacts(fc, ({ os, virtual }) => expect([os.id, virtual]).toEqual(['alpine', 'kvm']), {
      chosen,
      numRuns: 20,
    })
  })

  it('finds the smallest facts for which a role does not hold', () => {
    const few = role('few', () => {
      notify('workers', { message: String(facts.cpu.count) })
      if (facts.cpu.count > 1000) throw new Error('too many')
    })
    expect(() => forAnyFacts(fc, (given) => compile(few, { facts: given }), { seed: 1 })).toThrow(
      /"cpu":\{"count":1001,"cores":0,/,
    )
  })
})

describe('instrument()', () => {
  const source = `import { file, pkg as bring, role, type FileOptions } from 'rekindle'
const other = (x: unknown) => x
export const web = role('web', () => {
  other('no resource')
  if (a) bring('a')
  else if (b) { bring('b') }
  const c = d ?? 'e'
  file(\`/\${c}\`, f ? {} : { content: 'x' })
  switch (g) {
    case 1:
    case 2:
      file('/g', {})
      break
    default: file('/h', {})
  }
})`
  const run = (values: object) => {
    const program = parseSync('web.ts', source, { lang: 'ts' }).program
    const { code, points } = instrument('web.ts', source, program)
    const hits = new Set<string>()
    const body = code
      .slice(code.indexOf('() => {') + 7, code.lastIndexOf('})'))
      .replaceAll('globalThis.__rekindleHits', 'hits')
    const names = { hits, other: () => {}, bring: () => {}, file: () => {}, ...values }
    new Function(...Object.keys(names), body)(...Object.values(names))
    return { code, points, missed: summarise(points, hits).missed.map(({ shown }) => shown) }
  }

  it('leaves every line where it is', () => {
    const { code } = run({ a: 1, b: 0, d: 1, f: 1, g: 2 })
    expect(code.split('\n').length).toBe(source.split('\n').length)
    expect(code.split('\n')[3]).toBe("  other('no resource')")
  })

  it('tells roles, resources and branches that the code did not come to', () => {
    expect(run({ a: true, b: false, d: 'd', f: true, g: 2 }).missed).toEqual([
      'web.ts:3: role web',
      'web.ts:6: if (a) is false',
      'web.ts:6: if (b)',
      "web.ts:6: bring('b', …",
      'web.ts:6: if (b) is false',
      "web.ts:7: ?? 'e'",
      'web.ts:8: f ? … is false',
      'web.ts:14: default',
      "web.ts:14: file('/h', …",
    ])
    expect(run({ a: false, b: false, d: undefined, f: false, g: 3 }).missed).toEqual([
      'web.ts:3: role web',
      'web.ts:5: if (a)',
      "web.ts:5: bring('a', …",
      'web.ts:6: if (b)',
      "web.ts:6: bring('b', …",
      'web.ts:8: f ? …',
      'web.ts:12: case 2',
      "web.ts:12: file('/g', …",
    ])
  })
})
