import { describe, expect, it } from 'vitest'
import type { Catalog, CatalogResource } from '../../schemas/generated/types.ts'
import { prepare } from './prepare.ts'
import { fakeMachine, fakeType } from './testing/fake.ts'

const registry = new Map([
  ['file', fakeType(fakeMachine(), 'file')],
  ['fake', fakeType(fakeMachine())],
])
const file = (title: string, more: Partial<CatalogResource> = {}): CatalogResource => ({
  id: `file:${title}`,
  type: 'file',
  title,
  params: {},
  where: 'roles/web.ts:3',
  ...more,
})
const catalog = (...resources: CatalogResource[]): Catalog => ({
  version: 1,
  host: 'h',
  role: 'r',
  revision: '1',
  drift: 'correct',
  resources,
})
const refusal = (...resources: CatalogResource[]) => {
  try {
    prepare(catalog(...resources), 'hash', { registry })
  } catch (error) {
    return String(error)
  }
  return 'accepted'
}

it('prepare() accepts resources whose dependencies stand before them', () => {
  expect(refusal(file('/a', { notify: ['file:/b'] }), file('/b', { require: ['file:/a'] }))).toBe('accepted')
})

it.each([
  [
    'a parameter that its schema does not know',
    [file('/a', { params: { mod: '0644' } })],
    '"file:/a" (roles/web.ts:3) /mod: wanted no such parameter, found "0644"',
  ],
  [
    'a type that the agent does not know',
    [file('/a', { id: 'fil:/a', type: 'fil' })],
    'is of a type that this agent does not know',
  ],
  ['a type without a schema', [file('/a', { id: 'fake:/a', type: 'fake' })], 'wanted a type with a schema'],
  ['an id that is not that of its title', [file('/a', { id: 'file:/b' })], 'is not the id of file "/a"'],
  [
    'one id twice',
    [file('/a'), file('/a', { where: 'roles/web.ts:9' })],
    '"file:/a" (roles/web.ts:9) is declared at roles/web.ts:3 too',
  ],
  [
    'a cycle',
    [file('/a', { require: ['file:/b'] }), file('/b', { require: ['file:/a'] })],
    '"file:/a" does not come after "file:/b"',
  ],
  [
    'a resource that requires itself',
    [file('/a', { require: ['file:/a'] })],
    '"file:/a" does not come after "file:/a"',
  ],
  [
    'a reference to nothing',
    [file('/a', { notify: ['file:/gone'] })],
    '"file:/gone" does not come after "file:/a"',
  ],
])('prepare() refuses %s', (_, resources, message) => {
  expect(refusal(...resources)).toContain(message)
})

it('prepare() names every mistake at once', () => {
  const message = refusal(file('/a', { params: { mode: 'x' } }), file('/b', { params: { ensure: 'gone' } }))
  expect(message).toContain('"file:/a"')
  expect(message).toContain('"file:/b"')
})

describe('secrets', () => {
  const places = [{ at: '/password', pieces: [{ secret: 'db' }] }]
  const one = file('/etc/a', { params: { password: '[secret db]' }, secrets: places })
  const withDigest = (digest: string): Catalog => ({ ...catalog(one), secrets: { db: digest } })
  const prepared = (value: string, digest: string) =>
    prepare(withDigest(digest), 'hash', {
      ...{ registry, secrets: new Map([['db', value]]) },
      diagnoseParams: () => [],
    }).items[0]

  it('are filled in for the run, and what is remembered is made of the server’s digest alone', () => {
    expect(prepared('one', 'a')?.wanted.params).toMatchObject({ password: 'one' })
    expect(prepared('one', 'a')?.paramsHash()).toBe(prepared('two', 'a')?.paramsHash())
    expect(prepared('one', 'a')?.paramsHash()).not.toBe(prepared('one', 'b')?.paramsHash())
  })

  it('are not quoted where parameters are wrong', () => {
    const diagnoseParams = () => [{ path: '/password', wanted: 'a number', found: 'hunter2' }]
    const secrets = new Map([['db', 'hunter2']])
    expect(() => prepare(withDigest('a'), 'hash', { registry, secrets, diagnoseParams })).toThrow(
      '/password: wanted a number, found [redacted]',
    )
  })

  it('that did not come refuse the catalog', () => {
    expect(refusal(one)).toContain('"file:/etc/a" (roles/web.ts:3) secret "db" did not come with the catalog')
  })
})
